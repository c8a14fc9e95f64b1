"""Factorisation machine: every two values of a row say something together, through their vectors.

Rendle 2010 (https://doi.org/10.1109/ICDM.2010.127).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from mercato.core.progress import Step
from mercato.models.ctr.base import FittedClicks
from mercato.models.ctr.fields import Examples, Rows
from mercato.models.ctr.formula import Operations, Value
from mercato.models.ctr.network import (
    FittedNetwork,
    Learning,
    Weights,
    fit_network,
    table,
)


@dataclass(frozen=True)
class FactorisationMachine:
    """dimensions : of a value's vector"""

    dimensions: int = 16
    learning: Learning = field(default_factory=Learning)
    targets: ClassVar[int] = 1
    longest: ClassVar[int] = 0
    fitted: ClassVar[type[FittedClicks]] = FittedNetwork

    def fit(self, train: Examples, validation: Examples, step: Step) -> FittedNetwork:
        return fit_network(self, train, validation, step)

    def weights(self, rows: Rows, random: np.random.Generator) -> Weights:
        return {
            "bias": np.zeros(1, np.float32),
            "values.alone": np.zeros((sum(rows.sizes), 1), np.float32),
            "values.together": table(random, rows, self.dimensions),
        }

    def formula(self, operations: Operations, inputs: Mapping[str, Value]) -> Value:
        codes = inputs["codes"]
        alone = operations.flat(operations.total(operations.pick("values.alone", codes), 1))
        vectors = operations.drop(operations.pick("values.together", codes))  # (n, n_fields, d)
        summed = operations.total(vectors, 1)
        own = operations.total(operations.multiply(vectors, vectors), 1)
        # The square of the sum less the squares: all products of two different vectors, each twice,
        # which vectors shorter by the root of two make up for.
        twice = operations.subtract(operations.multiply(summed, summed), own)
        together = operations.flat(operations.total(twice, 2))
        return operations.add(operations.add(alone, together), operations.weight("bias"))
