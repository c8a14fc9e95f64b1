"""From a log to what is served of it. Needs torch."""

import io
import warnings

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mercato.core.errors import BadInput
from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.neural.engine import Engine
from mercato.models.neural.learning import Learning
from mercato.models.neural.next_item.fitted import FittedNextItem
from mercato.models.neural.next_item.running import ITEM, STATES, VECTORS, EncoderGraph
from mercato.models.neural.next_item.settings import Drawn, Encoder, Examples, Items, Sizes
from mercato.models.neural.next_item.task import NextItem, NextItemTask
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.events import read_events
from mercato.models.shopper_transformer.held import held_out
from mercato.models.shopper_transformer.learned import content_of

_ITEMS_AT_ONCE = 8_192


def learned(
    interactions: Interactions,
    as_of: int,
    step: Step,
    told: ItemContent,
    *,
    encoder: Encoder,
    sizes: Sizes,
    items: Items,
    drawn: Drawn,
    examples: Examples,
    learning: Learning,
) -> FittedNextItem:
    """See `model.NextItemNetwork.fit`."""
    if learning.shards > 1 or learning.spread:
        raise BadInput(
            "a training in one process", "one in shards or spread", "Leave learning as it is."
        )
    whole = read_events(interactions, kinds=False, gaps=False)
    most = examples.held if learning.checks else 0
    parts = held_out(whole, 0, most, learning.seed)
    task = NextItemTask(
        parts,
        told,
        encoder=encoder,
        sizes=sizes,
        items=items,
        drawn=drawn,
        examples=examples,
        seed=learning.seed,
    )
    done = Engine(task, learning).run(step)
    network = task.network.to("cpu").eval()
    content = bool(told.vectors.shape[1] or told.codes.shape[1]) and items.content
    return FittedNextItem(
        interactions.n_items,
        as_of,
        examples.again,
        sizes.longest,
        exported(network, sizes),
        _vectors(network, interactions.n_items, sizes.width),
        (task.counts > 0) | content,
        content_of(network.items, told, sizes.width, unit=bool(sizes.cosine)),
        done.outcome(),
    )


class _OneShopper(nn.Module):
    """No padding."""

    def __init__(self, network: NextItem) -> None:
        super().__init__()
        self.network = network

    def forward(self, vectors: Tensor, item: Tensor) -> Tensor:
        found: Tensor = self.network(vectors, item, torch.ones_like(item).bool())
        return found


def exported(network: NextItem, sizes: Sizes) -> EncoderGraph:
    """The encoder as ONNX, by torch's exporter that needs nothing but torch and onnx."""
    written = io.BytesIO()
    t = min(3, sizes.longest)
    example = (torch.zeros(1, t, sizes.width), torch.zeros(1, t, dtype=torch.int64))
    lengths = {VECTORS: {1: "t"}, ITEM: {1: "t"}}
    with warnings.catch_warnings():
        # It says that there is a newer one, which needs onnxscript, and that batches are of one.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _OneShopper(network),
            example,
            written,
            input_names=[VECTORS, ITEM],
            output_names=[STATES],
            dynamic_axes=lengths,
            dynamo=False,
        )
    return EncoderGraph(written.getvalue())


def _vectors(network: NextItem, n_items: int, width: int) -> NDArray[np.float32]:
    with torch.no_grad():
        found = [network.items(part) for part in torch.arange(n_items).split(_ITEMS_AT_ONCE)]
    return torch.cat(found).numpy() if n_items else np.zeros((0, width), np.float32)
