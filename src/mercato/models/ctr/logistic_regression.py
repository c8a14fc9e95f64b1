"""Logistic regression on one weight a value: what every model of clicks must beat."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mercato.core.progress import Step
from mercato.models.ctr.base import FittedClicks
from mercato.models.ctr.fields import Examples, Rows, check_examples
from mercato.models.saving import Saved


@dataclass(frozen=True)
class FittedLogisticRegression(Saved, FittedClicks):
    """weights : (n_values,) float32, of all fields in one numbering"""

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    bias: float
    weights: NDArray[np.float32]

    def _score(self, rows: Rows) -> NDArray[np.float32]:
        return np.asarray(self.weights[rows.shared].sum(axis=1) + np.float32(self.bias))


@dataclass(frozen=True)
class LogisticRegression:
    """ridges : L2 penalties on the weights, the strongest first, each fitted from where the one
    before ended, until the validation's log loss no longer falls
    """

    ridges: tuple[float, ...] = (32.0, 16.0, 8.0, 4.0, 2.0, 1.0, 0.5, 0.25, 0.12)
    fitted: ClassVar[type[FittedClicks]] = FittedLogisticRegression

    def fit(self, train: Examples, validation: Examples, step: Step) -> FittedLogisticRegression:
        # A server, which never fits, does not load SciPy.
        from mercato.models.ctr.one_hot import ridge_path

        check_examples(train, validation)
        bias, weights = ridge_path(train, validation, self.ridges, step)
        rows = train.rows
        return FittedLogisticRegression(
            rows.names, rows.sizes, bias, weights=weights.astype(np.float32)
        )
