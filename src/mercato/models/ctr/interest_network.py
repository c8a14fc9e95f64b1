"""DIN: what of a shopper's past matters depends on what they are shown.

Zhou et al. 2018, "Deep Interest Network for Click-Through Rate Prediction"
(https://arxiv.org/abs/1706.06978). As there, the weights of the past are not normalised, so that
much that is alike says more than little.
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

_PARTS = ("past", "shown", "difference", "product")
"""What the attention reads of an entry and of what is shown."""


@dataclass(frozen=True)
class InterestNetwork:
    """dimensions : of a value's vector
    attention  : width of the layer that weighs an entry
    widths     : of the perceptron's layers
    longest    : newest entries of each list that are read
    """

    dimensions: int = 16
    attention: int = 16
    widths: tuple[int, ...] = (64, 32)
    longest: int = 50
    learning: Learning = field(default_factory=lambda: Learning(dropout=0.2))
    targets: ClassVar[int] = 1
    fitted: ClassVar[type[FittedClicks]] = FittedNetwork

    def fit(self, train: Examples, validation: Examples, step: Step) -> FittedNetwork:
        if not train.rows.histories:
            raise BadInput("rows with a list of what came before", "none", "Use another model.")
        return fit_network(self, train, validation, step)

    def weights(self, rows: Rows, random: np.random.Generator) -> Weights:
        d = self.dimensions
        found: Weights = {"values": table(random, rows, d)}
        for each in rows.histories:
            for part in _PARTS:
                found |= dense(random, f"{each.field}.{part}", (d, self.attention))
            found |= dense(random, f"{each.field}.weight", (self.attention, 1))
        wide = (len(rows.names) + len(rows.histories)) * d
        return found | dense(random, "deep", (wide, *self.widths, 1))

    def formula(self, operations: Operations, inputs: Mapping[str, Value]) -> Value:
        row = operations.flat(operations.pick("values", inputs["codes"]))
        fields = [name.removeprefix("history.") for name in inputs if name.startswith("history.")]
        interests = [self._interest(operations, inputs, each) for each in fields]
        row = operations.drop(operations.join([row, *interests]))
        deep = layers(operations, row, "deep", len(self.widths))
        return operations.linear(deep, f"deep.{len(self.widths)}")

    def _interest(self, operations: Operations, inputs: Mapping[str, Value], name: str) -> Value:
        """(n, d) the past, weighed by what is shown."""
        past = operations.pick("values", inputs[f"history.{name}"])  # (n, longest, d)
        shown = operations.pick("values", inputs[f"shown.{name}"])  # (n, 1, d)
        parts = (
            past,
            shown,
            operations.subtract(past, shown),
            operations.multiply(past, shown),
        )
        # One layer over the four of them side by side.
        hidden = operations.linear(parts[0], f"{name}.{_PARTS[0]}.0")
        for part, value in zip(_PARTS[1:], parts[1:], strict=True):
            hidden = operations.add(hidden, operations.linear(value, f"{name}.{part}.0"))
        weight = operations.linear(operations.relu(hidden), f"{name}.weight.0")  # (n, longest, 1)
        weight = operations.multiply(weight, inputs[f"held.{name}"])
        return operations.flat(operations.total(operations.multiply(past, weight), 1))
