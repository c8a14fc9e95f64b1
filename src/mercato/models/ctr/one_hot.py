"""Fits logistic regression on one-hot codes, with less and less penalty."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import minimize

from mercato.core.progress import Step
from mercato.evaluation.probabilities import log_loss
from mercato.models.ctr.fields import UNKNOWN, Examples, Rows

_STEPS = 100


def ridge_path(
    train: Examples, validation: Examples, ridges: Sequence[float], step: Step
) -> tuple[float, NDArray[np.float64]]:
    """The bias and the weights (n_values,) of the penalty that tells the validation best."""
    design, asked = _one_hot(train.rows), _one_hot(validation.rows)
    labels = train.clicked.astype(np.float64)
    share = labels.mean()
    found = np.zeros(design.shape[1] + 1)
    found[0] = np.log(share / (1 - share))
    best, least = found, np.inf
    for ridge in ridges:
        loss = _Loss(design, labels, ridge)
        found = minimize(loss, found, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}).x
        now = float(log_loss(asked @ found[1:] + found[0], validation.clicked).mean())
        step.advance()
        step.note(f"penalty {ridge:g}, log loss {now:.4f}")
        if now >= least:
            break
        best, least = found, now
    return float(best[0]), best[1:]


def _one_hot(rows: Rows) -> sp.csr_array:
    """(n, n_values); unknown values have no weight."""
    shared, known = rows.shared, rows.codes != UNKNOWN
    offsets = np.concatenate(([0], np.cumsum(known.sum(axis=1))))
    ones = np.ones(int(known.sum()))
    return sp.csr_array((ones, shared[known], offsets), shape=(len(rows), sum(rows.sizes)))


class _Loss:
    """The penalised log loss over all rows, and its slope."""

    def __init__(self, design: sp.csr_array, labels: NDArray[np.float64], ridge: float) -> None:
        self.design, self.labels, self.ridge = design, labels, ridge
        self.across = sp.csr_array(design.T)

    def __call__(self, weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        odds = self.design @ weights[1:] + weights[0]
        loss = float(log_loss(odds, self.labels > 0).sum())
        off = 1 / (1 + np.exp(-odds)) - self.labels
        slope = np.concatenate(([off.sum()], self.across @ off + self.ridge * weights[1:]))
        return loss + self.ridge / 2 * float(weights[1:] @ weights[1:]), slope
