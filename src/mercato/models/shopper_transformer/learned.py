"""From a log to what is served of it. Needs torch."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mercato.core.history import EVENT_CODES, Interactions
from mercato.core.progress import Step
from mercato.models.neural.engine import Engine
from mercato.models.neural.learning import Learning
from mercato.models.neural.processes import processes
from mercato.models.neural.shards import Shard, own_shards
from mercato.models.shopper_transformer.content import Content, ItemContent
from mercato.models.shopper_transformer.descent import Descent
from mercato.models.shopper_transformer.events import N_GAPS, read_events
from mercato.models.shopper_transformer.fitted import Actions, FittedShopperTransformer
from mercato.models.shopper_transformer.graph import kept_width, written
from mercato.models.shopper_transformer.held import Learned, held_out
from mercato.models.shopper_transformer.network import ShopperNetwork
from mercato.models.shopper_transformer.running import Network
from mercato.models.shopper_transformer.settings import Examples, Inputs, Loss, Shape
from mercato.models.shopper_transformer.tables import Tables

Floats = NDArray[np.float32]

_ITEMS_AT_ONCE = 8_192


def learned(
    interactions: Interactions,
    as_of: int,
    step: Step,
    told: ItemContent,
    *,
    shape: Shape,
    inputs: Inputs,
    loss: Loss,
    examples: Examples,
    learning: Learning,
) -> FittedShopperTransformer:
    """See `model.ShopperTransformer.fit`."""
    inputs = inputs.told_by(interactions, told.vectors.shape[1])
    members = processes()
    most = examples.held // learning.shards if learning.checks else 0

    def taken(shard: Shard) -> Learned:
        read = read_events(
            shard.log,
            kinds=inputs.kinds,
            gaps=inputs.gaps,
            searches=inputs.searches,
            channel=inputs.channel,
        )
        return held_out(read, shard.number, most, learning.seed)

    task = Descent(
        [taken(each) for each in own_shards(interactions, learning.shards, as_of, members)],
        told,
        shape=shape,
        inputs=inputs,
        loss=loss,
        examples=examples,
        members=members,
        spread=learning.spread,
        seed=learning.seed,
    )
    done = Engine(task, learning, members=members).run(step)
    network = task.network.to("cpu")
    known = task.counts > 0
    content = bool(told.vectors.shape[1] or told.codes.shape[1]) and inputs.content
    return FittedShopperTransformer(
        interactions.n_items,
        as_of,
        inputs.kinds,
        inputs.gaps,
        examples.again,
        exported(network),
        tables(network, known | content),
        content_of(network.items, told, shape.width, unit=bool(shape.cosine)),
        _actions(network, shape.width),
        done.outcome(),
        inputs.searches,
        inputs.channel,
    )


def exported(network: ShopperNetwork) -> Network:
    """The blocks as ONNX."""
    shape = network.shape
    timed = network.inputs.gaps and shape.positions == "relative"
    weights = {name: _array(each) for name, each in network.state_dict().items()}
    graph = written(weights, shape, timed=timed)
    return Network(graph, shape.layers, kept_width(shape), shape.longest, timed)


def tables(network: ShopperNetwork, proposed: NDArray[np.bool_]) -> Tables:
    """The vectors that go into the blocks."""
    width = network.shape.width
    with torch.no_grad():
        numbers = torch.arange(len(proposed))
        vectors = [network.items(part) for part in numbers.split(_ITEMS_AT_ONCE)]
    return Tables(
        _array(torch.cat(vectors)) if vectors else np.zeros((0, width), np.float32),
        np.ones(len(proposed), np.float32),
        proposed,
        _table(network.kinds, len(EVENT_CODES), width),
        _table(network.gaps, N_GAPS, width),
        _table(network.places, network.shape.longest, width),
        None if network.channels is None else _array(network.channels.weight),
    )


def content_of(items: nn.Module, told: ItemContent, width: int, *, unit: bool) -> Content:
    """What a module of items' vectors makes of what is told of them.

    unit : vectors have length 1
    """
    project = np.zeros((0, width), np.float32)
    if items.project is not None:
        project = _array(items.project.weight).T.copy()
    sizes = told.sizes if items.codes is not None else told.sizes[:0]
    codes = _table(items.codes, int(sizes.sum()), width)
    return Content(project, codes, sizes, unit)


def _actions(network: ShopperNetwork, width: int) -> Actions:
    head = network.actions
    if head is None:
        none = np.zeros((width, width), np.float32)
        kinds = np.zeros((width, len(EVENT_CODES)), np.float32)
        return Actions(none, none, none[0], kinds, kinds[0])
    return Actions(
        _array(head.state.weight).T.copy(),
        _array(head.item.weight).T.copy(),
        _array(head.state.bias),
        _array(head.kind.weight).T.copy(),
        _array(head.kind.bias),
    )


def _table(part: nn.Embedding | None, n: int, width: int) -> Floats:
    return np.zeros((n, width), np.float32) if part is None else _array(part.weight)


def _array(values: torch.Tensor) -> Floats:
    return np.ascontiguousarray(values.detach().cpu().numpy())
