"""The greatest eigenvalues of M'M for a sparse M, and their eigenvectors.

Subspace iteration with a Chebyshev filter (Zhou, Saad, Tiago & Chelikowsky 2006,
https://doi.org/10.1016/j.jcp.2006.03.017): block products only, so that hundreds of eigenvectors
of a slowly falling spectrum cost seconds where ARPACK, one vector at a time, takes minutes.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mercato.core.progress import Step

_EXTRA = 64
"""Vectors iterated beyond those asked for: the last ones come out last."""

_DEGREE = 8
"""Products of a round. With two rounds 64 eigenvalues of 6,000 of Gowalla's shoppers come within
3e-6 of ARPACK's."""

_ROUNDS = 2

_LEAST = 1e-6
"""Eigenvalues below so much of the greatest are taken for zero; their vectors are noise."""


class Spectrum(NamedTuple):
    """values : (k,) float32, falling
    vectors : (n_columns, k) float32, orthonormal
    """

    values: NDArray[np.float32]
    vectors: NDArray[np.float32]


def leading(matrix: sp.csr_array, most: int, seed: int, step: Step) -> Spectrum:
    """At most ``most`` eigenvectors of M'M, M (n_rows, n_columns) ``matrix``.

    The step is advanced by `products` of M'M. Fewer come where the rank is lower.
    """
    if matrix.nnz == 0:
        return Spectrum(np.zeros(0, np.float32), np.zeros((matrix.shape[1], 0), np.float32))
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else sp.csr_array(matrix.T)
    operator = _Gram(wide, sp.csr_array(wide.T), step)
    n, width = wide.shape[0], most + _EXTRA
    basis = np.eye(n, dtype=np.float32) if width >= n else _subspace(operator, width, seed)
    # Rayleigh and Ritz: exact where the basis spans the eigenvectors, or is the whole space.
    values, within = np.linalg.eigh(basis.T @ operator(basis))
    kept = [at for at in range(len(values))[::-1] if values[at] > _LEAST * values[-1]][:most]
    left = basis @ within[:, kept]  # (n, k)
    roots = np.sqrt(values[kept])
    vectors = left if wide is not matrix else operator.transposed @ left / roots
    return Spectrum(values[kept].astype(np.float32), np.asarray(vectors, np.float32))


def products() -> int:
    """How often `leading` advances its step at most."""
    return 3 + _ROUNDS * (_DEGREE + 1)


class _Gram(NamedTuple):
    """M M' as a function of blocks of vectors."""

    matrix: sp.csr_array
    transposed: sp.csr_array
    step: Step

    def __call__(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        self.step.advance()
        return np.asarray(self.matrix @ (self.transposed @ block))


def _subspace(operator: _Gram, width: int, seed: int) -> NDArray[np.float32]:
    """(n, width) float32, orthonormal, spans about the leading eigenvectors."""
    random = np.random.default_rng(seed)
    basis = random.standard_normal((operator.matrix.shape[0], width), np.float32)
    for _ in range(2):
        basis = np.linalg.qr(operator(basis)).Q
    for _ in range(_ROUNDS):
        values = np.linalg.eigvalsh(basis.T @ operator(basis))
        basis = np.linalg.qr(_filtered(operator, basis, values[0], values[-1])).Q
    return basis


def _filtered(
    operator: _Gram, basis: NDArray[np.float32], least: np.float32, greatest: np.float32
) -> NDArray[np.float32]:
    """The Chebyshev polynomial that is small on [0, least] and grows fastest above it, scaled to 1
    at ``greatest`` so that nothing overflows."""
    # A basis beyond the rank has nothing to damp; then it is enough to keep the numbers apart.
    middle = max(least, greatest / 1_000) / 2
    first = middle / (greatest - middle)
    scale = first
    before, now = basis, (operator(basis) - middle * basis) * (first / middle)
    for _ in range(_DEGREE - 1):
        following = 1 / (2 / first - scale)
        further = (operator(now) - middle * now) * (2 * following / middle)
        before, now = now, further - (scale * following) * before
        scale = following
    return np.asarray(now, np.float32)
