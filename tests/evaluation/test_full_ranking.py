"""Full ranking against sorting each row by hand, block sizes and masks included."""

import numpy as np
import pytest

from mercato.core.errors import BadInput
from mercato.evaluation.full_ranking import rank_all
from mercato.evaluation.judging import NO_ITEM, Truth

N, ITEMS = 57, 40


@pytest.fixture(scope="module")
def coarse_scores() -> np.ndarray:
    """Few distinct values, so that ties stand at every border; some are never proposed."""
    random = np.random.default_rng(3)
    scores = random.integers(-3, 4, (N, ITEMS)).astype(np.float32)
    scores[random.random((N, ITEMS)) < 0.3] = -np.inf
    scores[5] = -np.inf
    return scores


def by_hand(scores: np.ndarray, k: int, seen: list[set[int]]) -> list[list[int]]:
    answers = []
    for row in range(len(scores)):
        proposed = [i for i in range(ITEMS) if scores[row, i] > -np.inf and i not in seen[row]]
        ranked = sorted(proposed, key=lambda item: (-scores[row, item], item))[:k]
        answers.append(ranked + [NO_ITEM] * (k - len(ranked)))
    return answers


@pytest.mark.parametrize("k", [1, 7, ITEMS, ITEMS + 5])
@pytest.mark.parametrize("block", [1, 10, N, 512])
def test_is_sorting_each_row(coarse_scores: np.ndarray, k: int, block: int) -> None:
    found = rank_all(lambda rows: coarse_scores[rows], N, k, block=block)
    assert found.tolist() == by_hand(coarse_scores, k, [set()] * N)


@pytest.mark.parametrize("block", [8, 512])
def test_seen_items_are_not_proposed(coarse_scores: np.ndarray, block: int) -> None:
    random = np.random.default_rng(4)
    pairs = np.unique(random.integers(0, N * ITEMS, 400))
    seen = Truth.of_pairs(pairs // ITEMS, pairs % ITEMS, N)
    before = coarse_scores.copy()
    found = rank_all(lambda rows: coarse_scores[rows], N, 12, seen=seen, block=block)
    sets = [set((pairs[pairs // ITEMS == row] % ITEMS).tolist()) for row in range(N)]
    assert found.tolist() == by_hand(coarse_scores, 12, sets)
    # What the caller scored is the caller's.
    assert np.array_equal(coarse_scores, before)


def test_nobody_is_asked_for_nothing() -> None:
    assert rank_all(lambda rows: np.zeros((0, 3), np.float32), 0, 5).shape == (0, 5)
    assert rank_all(lambda rows: np.zeros((1, 0), np.float32), 1, 2).tolist() == [[NO_ITEM] * 2]


def test_refuses_what_is_no_number() -> None:
    with pytest.raises(BadInput, match="scores that are numbers"):
        rank_all(lambda rows: np.array([[1, np.nan, 2, 3]], np.float32), 1, 2)


def test_refuses_other_rows() -> None:
    with pytest.raises(BadInput, match="expected 2 rows; found 3"):
        rank_all(lambda rows: np.zeros((3, 4), np.float32), 2, 1)
    with pytest.raises(BadInput, match="what 2 rows have seen; found of 1"):
        seen = Truth.of_pairs(np.array([0]), np.array([1]), 1)
        rank_all(lambda rows: np.zeros((2, 4), np.float32), 2, 1, seen=seen)
