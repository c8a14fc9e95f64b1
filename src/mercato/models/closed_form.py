"""The closed form of EASE: a matrix of items is inverted, block by block around it.

Apart from `ease`, so that a server, which never fits, does not load SciPy.
"""

from collections.abc import Iterator

import numpy as np
import scipy.linalg.lapack as lapack
import scipy.sparse as sp
from numpy.typing import NDArray

from mercato.core.errors import NotReady
from mercato.core.progress import Step
from mercato.models.preference import Preferences

_BLOCK = 500
"""Items whose weights are computed at once."""


def linear_weights(
    found: Preferences, items: NDArray[np.int64], regularisation: float, step: Step
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Rows of the (n, n) weights B between n ``items``, ascending, some at a time.

    B = I - P / diag(P) for P = (X'X + regularisation I)^-1, X the preferences for the items. The
    step is advanced by items, twice. Raises NotReady where the matrix has no inverse.
    """
    n_users = len(found.offsets) - 1
    whole = sp.csr_array(
        (found.weight, found.item, found.offsets), (n_users, found.item.max(initial=0) + 1)
    )
    lower = inverse(gram(whole[:, items], regularisation, step))
    diagonal = np.diag(lower)
    for start in range(0, len(lower), _BLOCK):
        rows = slice(start, min(start + _BLOCK, len(lower)))
        weights = whole_rows(lower, rows) / -diagonal
        weights[np.arange(len(weights)), np.arange(rows.start, rows.stop)] = 0
        step.advance(len(weights))
        yield rows, weights


def gram(matrix: sp.csr_array, regularisation: float, step: Step) -> NDArray[np.float32]:
    """(n, n) X'X + regularisation I, for X (n_users, n)."""
    n = matrix.shape[1]
    gram = np.empty((n, n), np.float32, order="F")
    by_item = sp.csr_array(matrix.T)
    for start in range(0, n, _BLOCK):
        part = matrix[:, start : start + _BLOCK].toarray()
        gram[:, start : start + _BLOCK] = by_item @ part
        step.advance(part.shape[1])
    gram[np.diag_indices(n)] += np.float32(regularisation)
    return gram


def inverse(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """The inverse of a symmetric positive definite matrix, in its place; only the lower half."""
    if len(matrix) == 0:
        return matrix
    factor, failed = lapack.spotrf(matrix, lower=1, overwrite_a=1)
    if not failed:
        inverse, failed = lapack.spotri(factor, lower=1, overwrite_c=1)
    if failed:
        raise NotReady(
            "a regularisation that makes the item matrix invertible",
            f"LAPACK stopped at item {failed}",
            "Raise Ease.regularisation.",
        )
    return np.asarray(inverse, np.float32)


def whole_rows(lower: NDArray[np.float32], rows: slice) -> NDArray[np.float32]:
    """Rows of a symmetric matrix from its lower half."""
    block = np.tril(lower[rows, rows])
    block += np.tril(block, -1).T
    # Right of the block on the diagonal stands what is below it.
    return np.concatenate([lower[rows, : rows.start], block, lower[rows.stop :, rows].T], axis=1)
