"""How a network learns, declared once, and how its learning rate goes."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal, Self

from mercato.core.errors import NotReady


@dataclass(frozen=True)
class Learning:
    """AdamW (Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101) with warm-up.

    passes        : over the examples, at most
    minutes       : that it may take, checks included; the schedule then ends with the time. 0: any
    learning_rate : the highest
    least_rate    : where it ends, as a share of the highest
    schedule      : how it falls after the warm-up (cosine: Loshchilov & Hutter 2017,
                    https://arxiv.org/abs/1608.03983)
    warm_up       : share of the training in which it rises from 0
    weight_decay  : of matrices; vectors as biases and norms have none
    beta          : AdamW's second, how long squared gradients are remembered
    clip          : greatest norm of the gradient; 0: any
    accumulate    : batches whose gradients are added up for one step
    average       : decay of a running mean of the weights, which is what is kept (Polyak & Juditsky
                    1992, https://doi.org/10.1137/0330046); 0: the last weights
    checks        : times in the training that the validation is asked; 0: never, the end is kept
    patience      : checks without a better one after which it ends; 0: it never ends early
    precision     : of matrix products; "auto": bfloat16 where the device multiplies it
    device        : "cpu", "cuda", "cuda:1"…
    checkpoint    : file that an interrupted training goes on from; empty: none is written
    save_seconds  : between two checkpoints
    start         : checkpoint of another training, maybe of another shop, whose weights are begun
                    with where they mean the same; empty: none
    board         : folder of TensorBoard logs; empty: none
    shards        : parts that shoppers are cut into, of which each batch has its share; processes
                    share the shards (see `processes`), and come to what one process does
    spread        : each process holds some rows of the tables of items' vectors, not all: for those
                    that do not fit
    """

    passes: int = 40
    minutes: float = 0.0
    learning_rate: float = 1e-3
    least_rate: float = 0.0
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warm_up: float = 0.05
    weight_decay: float = 0.01
    beta: float = 0.98
    clip: float = 1.0
    accumulate: int = 1
    average: float = 0.0
    checks: int = 0
    patience: int = 0
    precision: Literal["float32", "bfloat16", "auto"] = "float32"
    device: str = "cpu"
    checkpoint: str = ""
    save_seconds: float = 30.0
    start: str = ""
    board: str = ""
    shards: int = 1
    spread: bool = False
    seed: int = 0

    def rate(self, share: float) -> float:
        """The learning rate when ``share`` (0 to 1) of the training is done."""
        if share < self.warm_up:
            return self.learning_rate * share / self.warm_up
        after = (share - self.warm_up) / max(1 - self.warm_up, 1e-9)
        left = {
            "cosine": (1 + math.cos(math.pi * min(after, 1.0))) / 2,
            "linear": 1 - min(after, 1.0),
            "constant": 1.0,
        }[self.schedule]
        return self.learning_rate * (self.least_rate + (1 - self.least_rate) * left)


class LearnedModel:
    """What models have in common that a network learns: dataclasses with a ``learning``."""

    learning: Learning

    def within(self, minutes: float) -> Self:
        """The same, learned in so many minutes at most."""
        own = self.learning.minutes
        limit = min(own, minutes) if own else minutes
        return replace(self, learning=replace(self.learning, minutes=limit))  # type: ignore[type-var]

    def seeded(self, seed: int) -> Self:
        """The same from another beginning."""
        return replace(self, learning=replace(self.learning, seed=seed))  # type: ignore[type-var]

    def shared(self, shards: int, *, spread: bool) -> Self:
        """The same, learned by up to so many processes together, see `Learning`."""
        learning = replace(self.learning, shards=shards, spread=spread)
        return replace(self, learning=learning)  # type: ignore[type-var]

    def resumed(self, checkpoint: str) -> Self:
        """The same, going on from a file where an interrupted training left one."""
        return replace(self, learning=replace(self.learning, checkpoint=checkpoint))  # type: ignore[type-var]

    def on(self, device: str) -> Self:
        """The same, learned on "cpu", "cuda", "cuda:1"…"""
        return replace(self, learning=replace(self.learning, device=device))  # type: ignore[type-var]


@contextmanager
def torch_needed() -> Iterator[None]:
    """Around the import of what learns. Raises NotReady where torch is missing."""
    try:
        yield
    except ImportError as error:
        raise NotReady(
            "torch", str(error), "Install it with: pip install 'mercato[train]'"
        ) from None
