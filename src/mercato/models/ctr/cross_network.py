"""DCNv2: layers that multiply the row's vector with a linear map of what they are given, beside a
perceptron.

Wang et al. 2021, "DCN V2: Improved Deep & Cross Network and Practical Lessons for Web-scale
Learning to Rank Systems" (https://arxiv.org/abs/2008.13535), the parallel form.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

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


@dataclass(frozen=True)
class CrossNetwork:
    """dimensions : of a value's vector
    crosses    : cross layers
    widths     : of the perceptron's layers
    """

    dimensions: int = 8
    crosses: int = 2
    widths: tuple[int, ...] = (64, 32)
    learning: Learning = field(default_factory=lambda: Learning(dropout=0.2))
    targets: ClassVar[int] = 1
    longest: ClassVar[int] = 0
    fitted: ClassVar[type[FittedClicks]] = FittedNetwork

    def fit(self, train: Examples, validation: Examples, step: Step) -> FittedNetwork:
        return fit_network(self, train, validation, step)

    def weights(self, rows: Rows, random: np.random.Generator) -> Weights:
        wide = len(rows.names) * self.dimensions
        found: Weights = {"values": table(random, rows, self.dimensions)}
        for number in range(self.crosses):
            found |= dense(random, f"cross{number}", (wide, wide))
        found |= dense(random, "deep", (wide, *self.widths))
        return found | dense(random, "out", (wide + self.widths[-1], 1))

    def formula(self, operations: Operations, inputs: Mapping[str, Value]) -> Value:
        row = operations.flat(operations.pick("values", inputs["codes"]))  # (n, n_fields * d)
        row = operations.drop(row)
        crossed = row
        for number in range(self.crosses):
            mapped = operations.linear(crossed, f"cross{number}.0")
            crossed = operations.add(operations.multiply(row, mapped), crossed)
        deep = layers(operations, row, "deep", len(self.widths))
        return operations.linear(operations.join([crossed, deep]), "out.0")
