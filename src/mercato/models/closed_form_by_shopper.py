"""What EASE says of the very shoppers that it learned from, in the memory of their number squared.

By Woodbury's identity P = (X'X + regularisation I)^-1 is (I - X'K X) / regularisation for
K = (XX' + regularisation I)^-1, and XP is KX. So the scores XB = X - XP / diag(P), which
`closed_form` has from n_items ** 2 numbers, need n_shoppers ** 2: of Gowalla's 40,981 items and
29,858 shoppers 3.6 GB instead of 6.7, and 2.6 times less work.
"""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mercato.core.progress import Step
from mercato.models.closed_form import gram, inverse, whole_rows
from mercato.models.preference import Preferences

_BLOCK = 500
"""Shoppers whose scores are computed at once."""


def shopper_scores(
    found: Preferences, n_items: int, regularisation: float, step: Step
) -> Callable[[slice], NDArray[np.float32]]:
    """A function of rows start:stop to their (stop - start, n_items) scores under plain EASE.

    The step is advanced by shoppers, twice. Raises NotReady where the matrix has no inverse.
    """
    n_users = len(found.offsets) - 1
    matrix = sp.csr_array((found.weight, found.item, found.offsets), (n_users, n_items))
    by_item = sp.csr_array(matrix.T)
    lower = inverse(gram(by_item, regularisation, step))

    def projected(rows: slice) -> NDArray[np.float32]:
        """Rows of KX = XP."""
        return np.asarray((by_item @ whole_rows(lower, rows).T).T)

    explained = np.zeros(n_items)  # x_j'K x_j, float64
    for start in range(0, n_users, _BLOCK):
        rows = slice(start, min(start + _BLOCK, n_users))
        part = matrix[rows]
        explained += np.asarray(part.multiply(projected(rows)).sum(axis=0)).ravel()
        step.advance(part.shape[0])
    diagonal = ((1 - explained) / regularisation).astype(np.float32)

    def scores(rows: slice) -> NDArray[np.float32]:
        return np.asarray(matrix[rows].toarray() - projected(rows) / diagonal, np.float32)

    return scores
