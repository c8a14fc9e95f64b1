"""Networks learn by gradient descent. Needs torch."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from mercato.core.progress import Step
from mercato.models.ctr.fields import UNKNOWN, Examples, Rows
from mercato.models.ctr.network import Learning, Network, Weights, inputs_of

_VALUES = "values"
"""How the names of tables of values start."""

_ASKED_AT_ONCE = 8_192


class TorchOperations:
    """The `Operations` on tensors; ``random`` None: nothing is dropped."""

    add = staticmethod(torch.add)
    subtract = staticmethod(torch.sub)
    multiply = staticmethod(torch.mul)
    relu = staticmethod(torch.relu)
    exp = staticmethod(torch.exp)
    log = staticmethod(torch.log)
    negative = staticmethod(torch.neg)

    def __init__(
        self, weights: dict[str, Tensor], dropout: float, random: torch.Generator | None
    ) -> None:
        self.weights, self.dropout, self.random = weights, dropout, random

    def weight(self, name: str) -> Tensor:
        return self.weights[name]

    def pick(self, table: str, at: Tensor) -> Tensor:
        return functional.embedding(at, self.weights[table])

    def linear(self, value: Tensor, name: str) -> Tensor:
        return value @ self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def total(self, value: Tensor, axis: int) -> Tensor:
        return value.sum(axis, keepdim=True)

    def flat(self, value: Tensor) -> Tensor:
        return value.flatten(1)

    def join(self, values: list[Tensor]) -> Tensor:
        return torch.cat(values, -1)

    def drop(self, value: Tensor) -> Tensor:
        if self.random is None or not self.dropout:
            return value
        kept = torch.rand(value.shape, generator=self.random) >= self.dropout
        return value * kept / (1 - self.dropout)


def learned(network: Network, train: Examples, validation: Examples, step: Step) -> Weights:
    """The weights with the least log loss on the validation."""
    learning = network.learning
    random = np.random.default_rng(learning.seed)
    rare = _Rare.of(train.rows, learning.least_rows)
    weights = {
        name: torch.from_numpy(each[rare.kept] if name.startswith(_VALUES) else each)
        for name, each in network.weights(train.rows, random).items()
    }
    run = _Run(network, weights, torch.Generator().manual_seed(learning.seed))
    train_inputs = _tensors(train.rows, network, rare)
    asked = _tensors(validation.rows, network, rare)
    outcomes = torch.from_numpy(train.outcomes()[:, : network.targets])
    expected = torch.from_numpy(validation.outcomes()[:, : network.targets])
    best, least, since = run.copied(), run.loss(asked, expected), 0
    for number in range(learning.passes):
        for batch in _batches(len(train), learning.batch_rows, random):
            run.step({name: each[batch] for name, each in train_inputs.items()}, outcomes[batch])
        loss = run.loss(asked, expected)
        step.advance()
        step.note(f"pass {number + 1}, log loss {loss:.4f}")
        since = 0 if loss < least else since + 1
        if since == 0:
            best, least = run.copied(), loss
        if since >= learning.patience:
            break
    return {
        name: each[rare.place] if name.startswith(_VALUES) else each for name, each in best.items()
    }


class _Run:
    """A network being trained."""

    def __init__(
        self, network: Network, weights: dict[str, Tensor], random: torch.Generator
    ) -> None:
        self.network, self.weights, self.random = network, weights, random
        learning: Learning = network.learning
        tables = [each for name, each in weights.items() if name.startswith(_VALUES)]
        others = [each for name, each in weights.items() if not name.startswith(_VALUES)]
        for each in weights.values():
            each.requires_grad_()
        groups = [
            {"params": tables, "weight_decay": learning.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, learning.learning_rate, fused=True)

    def step(self, inputs: dict[str, Tensor], outcomes: Tensor) -> None:
        operations = TorchOperations(self.weights, self.network.learning.dropout, self.random)
        told = self.network.formula(operations, inputs)
        self.optimiser.zero_grad()
        _loss(told, outcomes).backward()
        self.optimiser.step()

    def loss(self, inputs: dict[str, Tensor], outcomes: Tensor) -> float:
        operations = TorchOperations(self.weights, 0.0, None)
        total = 0.0
        with torch.no_grad():
            for start in range(0, len(outcomes), _ASKED_AT_ONCE):
                part = slice(start, start + _ASKED_AT_ONCE)
                told = self.network.formula(
                    operations, {name: each[part] for name, each in inputs.items()}
                )
                total += float(_loss(told, outcomes[part])) * len(told)
        return total / len(outcomes)

    def copied(self) -> Weights:
        return {name: each.detach().numpy().copy() for name, each in self.weights.items()}


def _loss(told: Tensor, outcomes: Tensor) -> Tensor:
    """The sum over outcomes of their mean log loss."""
    each = functional.binary_cross_entropy_with_logits(told, outcomes, reduction="none")
    return each.mean(0).sum()


def _batches(n: int, size: int, random: np.random.Generator) -> Iterator[Tensor]:
    order = random.permutation(n)
    for start in range(0, n, size):
        yield torch.from_numpy(order[start : start + size])


@dataclass(frozen=True)
class _Rare:
    """Rare values share one place in the tables with their field's unknown ones: what is seldom
    seen is learned together, and the tables stay as small as what can be learned.

    kept  : numbers of the values with a place of their own
    place : (n_values,) of each value among them
    """

    kept: NDArray[np.int64]
    place: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Rows, least: int) -> "_Rare":
        """``least``: rows, or entries of lists, of a value that is not rare."""
        counts = np.bincount(rows.shared.ravel(), minlength=sum(rows.sizes))
        for each in rows.histories:
            start = rows.starts[rows.place(each.field)]
            counts += np.bincount(each.code + start, minlength=len(counts))
        unknown = np.repeat(rows.starts + UNKNOWN, rows.sizes)
        told = np.where(counts >= least, np.arange(len(counts)), unknown)
        kept = np.unique(np.concatenate([told, rows.starts + UNKNOWN]))
        return cls(kept, np.searchsorted(kept, told))


def _tensors(rows: Rows, network: Network, rare: _Rare) -> dict[str, Tensor]:
    return {
        name: torch.from_numpy(rare.place[values] if values.dtype.kind == "i" else values)
        for name, values in inputs_of(rows, network.longest).items()
    }
