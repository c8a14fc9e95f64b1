"""From a log to what is served of it. Needs torch."""

import numpy as np
import torch

from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.neural.engine import Engine
from mercato.models.neural.learning import Learning
from mercato.models.neural.light_gcn.fitted import FORGETTING, FittedLightGcn
from mercato.models.neural.light_gcn.settings import Examples, Loss, Passing
from mercato.models.neural.light_gcn.task import LightGcnTask, ShardPairs
from mercato.models.neural.processes import processes
from mercato.models.neural.shards import RowsHeld, own_shards
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
    members = processes()
    cut = own_shards(interactions, learning.shards, as_of, members)
    most = examples.held // learning.shards if learning.checks else 0
    shards, first = [], cut[0].first
    for shard in cut:
        found = preferences(shard.log, as_of, FORGETTING)
        shards.append(ShardPairs.of(shard.number, shard.first - first, found, most, learning.seed))
    held = RowsHeld(first, cut[-1].first + cut[-1].log.n_users, interactions.n_users)
    task = LightGcnTask(
        shards,
        held,
        interactions.n_items,
        passing=passing,
        loss=loss,
        examples=examples,
        members=members,
        seed=learning.seed,
    )
    done = Engine(task, learning, members=members).run(step)
    network = task.network.to("cpu")
    with torch.no_grad():
        layers = network.layers()
        items = network.mean(layers)[1]
        # What an item passes on is divided by the root of its degree; the last layer passes none.
        degree = np.maximum(task.met, 1)
        root = torch.from_numpy(np.sqrt(degree).astype(np.float32))[:, None]
        sent = torch.stack([each for _, each in layers[:-1]]).sum(0) / root / len(layers)
        if loss.kind == "softmax":
            items = torch.nn.functional.normalize(items)
    proposed = np.zeros(interactions.n_items, bool)
    proposed[task.known] = True
    own = network.shoppers.detach() / len(layers)
    shoppers = members.stacked(own).numpy()
    return FittedLightGcn(
        interactions.n_items,
        as_of,
        items.numpy(),
        sent.numpy(),
        shoppers,
        proposed,
        done.outcome(),
    )
