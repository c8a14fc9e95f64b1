"""ESMM: the chance of a purchase learned over all that was shown, through the chance of a click.

Ma et al. 2018, "Entire Space Multi-Task Model" (https://arxiv.org/abs/1804.07931): both towers
share the values' vectors, and their product is what purchases are held against, so that the second
tower is learned from everything that was shown and not from the few clicks alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from mercato.core.errors import BadInput
from mercato.core.progress import Step
from mercato.models.ctr.base import FittedClicks
from mercato.models.ctr.fields import Examples, Rows
from mercato.models.ctr.formula import Operations, Value, layers
from mercato.models.ctr.network import (
    FittedNetwork,
    Learning,
    Weights,
    dense,
    fit_network,
    table,
)

_TOWERS = ("click", "purchase")


@dataclass(frozen=True)
class EntireSpace:
    """dimensions : of a value's vector
    widths     : of each tower's layers
    longest    : newest entries of each list; their vectors are summed up
    """

    dimensions: int = 16
    widths: tuple[int, ...] = (64, 32)
    longest: int = 50
    learning: Learning = field(default_factory=lambda: Learning(dropout=0.2))
    targets: ClassVar[int] = 2
    fitted: ClassVar[type[FittedClicks]] = FittedNetwork

    def fit(self, train: Examples, validation: Examples, step: Step) -> FittedNetwork:
        if train.bought is None or validation.bought is None:
            raise BadInput("which clicks led to purchases", "clicks alone", "Use another model.")
        return fit_network(self, train, validation, step)

    def weights(self, rows: Rows, random: np.random.Generator) -> Weights:
        # Of each list: its sum, and how that meets the value that is shown.
        wide = (len(rows.names) + 2 * len(rows.histories)) * self.dimensions
        found: Weights = {"values": table(random, rows, self.dimensions)}
        for tower in _TOWERS:
            found |= dense(random, tower, (wide, *self.widths, 1))
        return found

    def formula(self, operations: Operations, inputs: Mapping[str, Value]) -> Value:
        parts = [operations.flat(operations.pick("values", inputs["codes"]))]
        for name in inputs:
            if name.startswith("history."):
                parts += _pooled(operations, inputs, name.removeprefix("history."))
        row = operations.drop(operations.join(parts))
        click, purchase = (self._tower(operations, row, tower) for tower in _TOWERS)
        return operations.join([click, _both(operations, click, purchase)])

    def _tower(self, operations: Operations, row: Value, tower: str) -> Value:
        deep = layers(operations, row, tower, len(self.widths))
        return operations.linear(deep, f"{tower}.{len(self.widths)}")


def _pooled(operations: Operations, inputs: Mapping[str, Value], name: str) -> list[Value]:
    past = operations.pick("values", inputs[f"history.{name}"])  # (n, longest, d)
    held = operations.multiply(past, inputs[f"held.{name}"])
    summed = operations.total(held, 1)
    shown = operations.pick("values", inputs[f"shown.{name}"])  # (n, 1, d)
    return [operations.flat(summed), operations.flat(operations.multiply(summed, shown))]


def _both(operations: Operations, click: Value, purchase: Value) -> Value:
    """Log-odds of two things that must both happen, of log-odds a and b: 1 / p - 1 is
    (1 + e**-a) (1 + e**-b) - 1 = e**-a + e**-b + e**-(a + b)."""
    neither, nor = operations.negative(click), operations.negative(purchase)
    against = operations.add(operations.exp(neither), operations.exp(nor))
    against = operations.add(against, operations.exp(operations.add(neither, nor)))
    return operations.negative(operations.log(against))
