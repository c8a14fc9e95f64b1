"""From a log to what is served of it. Needs torch."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.neural.engine import Engine
from mercato.models.neural.learning import Learning
from mercato.models.neural.light_gcn.fitted import FORGETTING, FittedLightGcn
from mercato.models.neural.light_gcn.settings import Examples, Loss, Passing
from mercato.models.neural.light_gcn.task import LightGcnTask
from mercato.models.preference import preferences


def learned(
    interactions: Interactions,
    as_of: int,
    step: Step,
    *,
    passing: Passing,
    loss: Loss,
    examples: Examples,
    learning: Learning,
) -> FittedLightGcn:
    """See `model.LightGcn.fit`."""
    found = preferences(interactions, as_of, FORGETTING)
    task = LightGcnTask(
        found,
        interactions.n_items,
        passing=passing,
        loss=loss,
        examples=examples,
        held=examples.held if learning.checks else 0,
        seed=learning.seed,
    )
    done = Engine(task, learning).run(step)
    network = task.network.to("cpu")
    with torch.no_grad():
        layers = network.layers()
        items = network.mean(layers)[1]
        # What an item passes on is divided by the root of its degree; the last layer passes none.
        degree = np.maximum(np.bincount(task.pairs.item, minlength=len(items)), 1)
        root = torch.from_numpy(np.sqrt(degree).astype(np.float32))[:, None]
        sent = torch.stack([each for _, each in layers[:-1]]).sum(0) / root / len(layers)
        if loss.kind == "softmax":
            items = torch.nn.functional.normalize(items)
    proposed = np.zeros(interactions.n_items, bool)
    proposed[task.known] = True
    shoppers = _own(network.shoppers, layers, len(found.offsets) - 1)
    return FittedLightGcn(
        interactions.n_items,
        as_of,
        items.numpy(),
        sent.numpy(),
        shoppers,
        proposed,
        done.outcome(),
    )


def _own(own: Tensor, layers: list[tuple[Tensor, Tensor]], n: int) -> NDArray[np.float32]:
    """What learned shoppers have besides what their items pass to them."""
    if not len(own):
        return np.zeros((0, own.shape[1]), np.float32)
    return np.asarray((own.detach() / len(layers)).numpy()[:n])
