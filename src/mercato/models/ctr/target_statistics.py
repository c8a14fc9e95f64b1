"""Categorical values told as numbers: how often each was clicked and seen, for models of numbers.

Smoothed towards the mean of all rows (Micci-Barreca 2001, https://doi.org/10.1145/507533.507538).
Rows that are learned from are told without their own outcome, and without those of a share of the
others (as stacking, Wolpert 1992, https://doi.org/10.1016/S0893-6080(05)80023-1): a value with one
row would otherwise tell that row's label.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.models.ctr.fields import UNKNOWN, Examples, Rows


@dataclass(frozen=True)
class TargetStatistics:
    """Of examples that were counted, by value in the numbering that all fields share.

    shown, clicked : (n_values,) rows
    base           : log-odds of a click of any row
    smoothing      : rows of the mean that each value is mixed with
    few            : fields of at most so many codes are told by their code too
    """

    shown: NDArray[np.float64]
    clicked: NDArray[np.float64]
    base: float
    smoothing: float
    few: int

    @classmethod
    def of(cls, examples: Examples, smoothing: float, few: int) -> "TargetStatistics":
        shared, n_values = examples.rows.shared, sum(examples.rows.sizes)
        shown = np.bincount(shared.ravel(), minlength=n_values)
        clicked = np.bincount(shared[examples.clicked].ravel(), minlength=n_values)
        share = (examples.clicked.sum() + 0.5) / (len(examples) + 1)
        base = float(np.log(share / (1 - share)))
        return cls(shown.astype(np.float64), clicked.astype(np.float64), base, smoothing, few)

    def features(self, rows: Rows) -> NDArray[np.float32]:
        """(n, n_features) of each field, the smoothed log-odds of a click above the base and the
        log of 1 + rows; then the codes of small fields. Unknown values are told as 0 and 0."""
        shared, known = rows.shared, rows.codes != UNKNOWN
        shown, clicked = self.shown[shared], self.clicked[shared]
        share = 1 / (1 + np.exp(-self.base))
        mixed = (clicked + self.smoothing * share) / (shown + self.smoothing)
        odds = np.log(mixed / (1 - mixed)) - self.base
        small = np.array(rows.sizes) <= self.few
        told = [odds * known, np.log1p(shown) * known, rows.codes[:, small]]
        return np.column_stack(told).astype(np.float32)


def out_of_fold(
    examples: Examples, folds: int, smoothing: float, few: int, seed: int
) -> NDArray[np.float32]:
    """(n, n_features) of each row from the other folds alone."""
    fold = np.random.default_rng(seed).permutation(len(examples)) % folds
    parts = []
    for number in range(folds):
        others = TargetStatistics.of(examples.of(np.flatnonzero(fold != number)), smoothing, few)
        parts.append(others.features(examples.rows.of(np.flatnonzero(fold == number))))
    found = np.concatenate(parts)
    back = np.argsort(np.argsort(fold, kind="stable"), kind="stable")
    return found[back]
