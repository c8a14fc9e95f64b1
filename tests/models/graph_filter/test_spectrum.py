"""Leading eigenvectors against a dense decomposition."""

import numpy as np
import pytest
import scipy.sparse as sp

from mercato.core.progress import Silent
from mercato.models.graph_filter.spectrum import Spectrum, leading, products


def drawn(n_rows: int, n_columns: int) -> sp.csr_array:
    """Sparse, with two tastes, so that some eigenvalues stand out and most do not."""
    random = np.random.default_rng(1)
    density = np.where(np.arange(n_rows)[:, None] % 2 == np.arange(n_columns) % 2, 0.08, 0.02)
    return sp.csr_array((random.random((n_rows, n_columns)) < density).astype(np.float32))


def found(matrix: sp.csr_array, most: int) -> Spectrum:
    with Silent().step("eigenvectors") as step:
        return leading(matrix, most, 0, step)


@pytest.mark.parametrize("shape", [(300, 450), (450, 300), (40, 60), (60, 40)])
def test_is_the_dense_decomposition(shape: tuple[int, int]) -> None:
    matrix = drawn(*shape)
    got = found(matrix, 12)
    _, singular, right = np.linalg.svd(matrix.toarray().astype(float), full_matrices=False)
    np.testing.assert_allclose(got.values, singular[:12] ** 2, rtol=1e-4)
    np.testing.assert_allclose(got.vectors.T @ got.vectors, np.eye(12), atol=1e-4)
    # The projections agree: signs and turns within equal eigenvalues are free.
    expected = right[:12].T @ right[:12]
    np.testing.assert_allclose(got.vectors @ got.vectors.T, expected, atol=1e-2)


def test_no_more_than_the_rank() -> None:
    ones = sp.csr_array(np.ones((5, 9), np.float32))
    got = found(ones, 4)
    assert got.values == pytest.approx([45])
    assert np.abs(got.vectors[:, 0]) == pytest.approx(np.full(9, 1 / 3), abs=1e-6)
    tiled = sp.csr_array(np.tile(drawn(3, 200).toarray(), (90, 1)))
    singular = np.linalg.svd(tiled.toarray(), compute_uv=False)
    assert found(tiled, 12).values == pytest.approx(singular[:3] ** 2, rel=1e-4)
    assert found(sp.csr_array((5, 9), dtype=np.float32), 4).vectors.shape == (9, 0)


def test_is_deterministic_and_says_how_far_it_is() -> None:
    class Counted:
        done = 0

        def advance(self, amount: int = 1) -> None:
            self.done += amount

        def note(self, text: str) -> None: ...

    step = Counted()
    first = leading(drawn(300, 450), 12, 0, step)
    assert step.done == products()
    assert np.array_equal(first.vectors, found(drawn(300, 450), 12).vectors)
