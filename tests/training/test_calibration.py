"""The threshold of matches by meaning, on vectors whose cosines are known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mercato.ranking.fusion import Calibration
from mercato.training.calibration import calibrate, semantic_threshold

DIMENSIONS = 64


def unit_vectors(n: int, *, shared: float = 0.0, seed: int = 1) -> NDArray[np.float32]:
    """Random directions that have a part in common: cosines around ``shared``."""
    random = np.random.default_rng(seed)
    own = random.standard_normal((n, DIMENSIONS))
    own[:, 0] = 0
    own *= np.sqrt(1 - shared) / np.linalg.norm(own, axis=1, keepdims=True)
    own[:, 0] = np.sqrt(shared)
    return own.astype(np.float32)


@pytest.mark.parametrize("shared", [0.0, 0.3])
def test_threshold_lies_3_7_spreads_above_unrelated_texts(shared: float) -> None:
    # Cosines of random directions in d - 1 dimensions have the deviation (d - 1) ** -1/2.
    spread = (1 - shared) * (DIMENSIONS - 1) ** -0.5
    found = semantic_threshold(unit_vectors(2_000, shared=shared))
    assert found == pytest.approx(shared + 3.7 * spread, abs=0.015)


def test_related_texts_do_not_move_it() -> None:
    """One text in five is one of twenty spellings of the same."""
    alone = unit_vectors(2_000)
    families = np.repeat(unit_vectors(20, seed=2), 20, axis=0)
    families += 0.02 * np.random.default_rng(3).standard_normal(families.shape).astype(np.float32)
    families /= np.linalg.norm(families, axis=1, keepdims=True)
    together = np.concatenate([alone[:1_600], families])
    assert semantic_threshold(together) == pytest.approx(semantic_threshold(alone), abs=0.02)


def test_it_is_the_same_each_time_and_whatever_comes_of_the_order() -> None:
    vectors = unit_vectors(500, shared=0.2)
    assert semantic_threshold(vectors) == semantic_threshold(vectors)
    assert semantic_threshold(vectors[::-1]) == pytest.approx(semantic_threshold(vectors), abs=0.02)


def test_texts_that_are_all_alike_leave_room_for_the_same_text() -> None:
    assert semantic_threshold(unit_vectors(100, shared=0.99)) == 0.95


def test_calibration_of_a_catalogue() -> None:
    vectors = unit_vectors(500, shared=0.2)
    found = calibrate(vectors, semantic_most=7)
    assert found == Calibration(semantic_threshold(vectors), 7)


@pytest.mark.parametrize("n", [0, 29])
def test_too_few_texts_keep_the_default(n: int) -> None:
    assert calibrate(unit_vectors(n), semantic_most=9) == Calibration(semantic_most=9)
