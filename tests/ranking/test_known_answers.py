"""Answers of past queries against arithmetic by hand."""

from pathlib import Path

import numpy as np
import pytest

from mercato.catalogue.vectors import quantise
from mercato.ranking.known_answers import LEAST_LIKE, KnownAnswers


def direction(degrees: float) -> np.ndarray:
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.float32)


ANGLES = (0, 30, 90)
"""The second query is like the first, the third like neither (cosine .5 with the second)."""
ROWS = [np.array([7, 3]), np.array([3, 5]), np.array([7])]
GAINS = [np.array([3.0, 0.0]), np.array([1.0, 7.0]), np.array([2.0])]


@pytest.fixture(scope="module")
def known() -> KnownAnswers:
    vectors = quantise(np.stack([direction(each) for each in ANGLES]))
    return KnownAnswers.of(vectors, ROWS, GAINS)


def code(degrees: float) -> np.ndarray:
    return quantise(direction(degrees)[None])


def weight(degrees: float) -> float:
    return max(float(np.cos(np.radians(degrees))) - LEAST_LIKE, 0) ** 2


def test_queries_lend_by_how_like_they_are(known: KnownAnswers) -> None:
    found = known.lent(code(10), np.array([3, 5, 7, 8, -1]))
    first, second = weight(10), weight(20)
    assert found.gain.tolist() == pytest.approx(
        [first * 0 + second * 1, second * 7, first * 3, 0, 0], abs=0.02
    )
    assert found.asked.tolist() == pytest.approx([first + second, second, first, 0, 0], abs=0.01)
    nearest = (np.cos(np.radians(10)) - LEAST_LIKE) / (1 - LEAST_LIKE)
    assert found.nearest == pytest.approx(float(nearest), abs=0.02)


def test_the_same_query_tells_most(known: KnownAnswers) -> None:
    found = known.lent(code(0), np.array([7]))
    assert found.gain[0] == pytest.approx(3 * (1 - LEAST_LIKE) ** 2, abs=0.02)
    assert found.nearest == pytest.approx(1, abs=0.01)


def test_a_query_does_not_tell_itself_while_learning(known: KnownAnswers) -> None:
    found = known.lent(code(0), np.array([7, 3]), left_out=0)
    assert found.gain.tolist() == pytest.approx([0, weight(30) * 1], abs=0.02)


def test_nothing_is_lent_by_what_is_unlike(known: KnownAnswers) -> None:
    found = known.lent(code(180), np.array([3, 5, 7]))
    assert found.gain.tolist() == [0, 0, 0]
    assert found.nearest == 0


def test_answers_are_saved(known: KnownAnswers, tmp_path: Path) -> None:
    known.save(tmp_path)
    rows = np.array([3, 5, 7])
    again = KnownAnswers.load(tmp_path).lent(code(10), rows)
    assert again.gain.tolist() == known.lent(code(10), rows).gain.tolist()
