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


def threshold(vectors: NDArray[np.float32]) -> float:
    """Where titles are the whole texts."""
    return semantic_threshold(vectors[:300], vectors)


@pytest.mark.parametrize("shared", [0.3, 0.4])
def test_threshold_lies_3_7_spreads_above_unrelated_texts(shared: float) -> None:
    # Cosines of random directions in d - 1 dimensions have the deviation (d - 1) ** -1/2.
    spread = (1 - shared) * (DIMENSIONS - 1) ** -0.5
    found = threshold(unit_vectors(2_000, shared=shared))
    assert found == pytest.approx(shared + 3.7 * spread, abs=0.015)


def test_related_texts_do_not_move_it() -> None:
    """One text in five is one of twenty spellings of the same."""
    alone = unit_vectors(2_000)
    families = np.repeat(unit_vectors(20, seed=2), 20, axis=0)
    families += 0.02 * np.random.default_rng(3).standard_normal(families.shape).astype(np.float32)
    families /= np.linalg.norm(families, axis=1, keepdims=True)
    together = np.concatenate([alone[:1_600], families])
    assert threshold(together) == pytest.approx(threshold(alone), abs=0.02)


def test_it_is_the_same_each_time_and_whatever_comes_of_the_order() -> None:
    vectors = unit_vectors(500, shared=0.2)
    assert threshold(vectors) == threshold(vectors)
    assert threshold(vectors[::-1]) == pytest.approx(threshold(vectors), abs=0.02)


def test_topics_that_spread_widely_do_not_put_it_out_of_reach() -> None:
    # Half of the titles point one way, half another: cosines are about 0 or about 1.
    two = np.repeat(np.eye(2, DIMENSIONS, dtype=np.float32), 200, axis=0)
    mixed = two[np.random.default_rng(4).permutation(400)]
    assert threshold(mixed) <= float(np.median(mixed @ mixed.T)) + 0.35


def test_texts_that_are_all_alike_leave_room_for_the_same_text() -> None:
    assert threshold(unit_vectors(100, shared=0.99)) == 0.95


def test_calibration_of_a_catalogue() -> None:
    vectors = unit_vectors(500, shared=0.2)
    found = calibrate(vectors, vectors, semantic_most=7, known_share=0.98765)
    assert found == Calibration(
        threshold(vectors), 7, semantic_unrelated=found.semantic_unrelated, known_share=0.988
    )
    assert found.semantic_unrelated == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("n", [0, 29])
def test_too_few_texts_keep_the_default(n: int) -> None:
    vectors = unit_vectors(n)
    assert calibrate(vectors, vectors, semantic_most=9) == Calibration(semantic_most=9)


def test_what_only_the_texts_share_does_not_raise_it() -> None:
    """Texts that all name the same brand are near to each other, but not to what is typed."""
    typed = unit_vectors(300)
    texts = unit_vectors(2_000, shared=0.5, seed=2)
    assert threshold(texts) > 0.6
    # cos = (own part of the text) * cos of directions: a spread of sqrt(1 - .5) / sqrt(63)
    assert semantic_threshold(typed, texts) == pytest.approx(3.7 * (0.5 / 63) ** 0.5, abs=0.02)
