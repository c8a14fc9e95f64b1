"""How well an encoder finds products, on encoders whose answer is known."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from mercato.ranking.fusion import Calibration
from mercato.training.encoder_strength import QUERIES, partial_titles, strength, weight_of

TITLES = [f"a{at} b{at} c{at} d{at} the" for at in range(400)]


def by_words(texts: Sequence[str]) -> NDArray[np.float32]:
    """One direction for each title: what its words say without doubt."""
    found = np.zeros((len(texts), len(TITLES)), np.float32)
    for row, text in enumerate(texts):
        found[row, int(text.split()[0][1:])] = 1
    return found


def test_one_that_reads_every_word_finds_all_and_one_that_reads_none_finds_none() -> None:
    vectors = by_words(TITLES)
    assert strength(TITLES, vectors, by_words) == 1.0
    other = np.zeros((1, len(TITLES)), np.float32)
    assert strength(TITLES, vectors - 1, lambda texts: -by_words(texts)) == 0.0
    assert strength([], vectors[:0], lambda texts: other) == 0.0


def test_a_product_in_the_third_place_counts_a_third() -> None:
    vectors = by_words(TITLES)

    def third(texts: Sequence[str]) -> NDArray[np.float32]:
        right = by_words(texts)
        return right + 2 * np.roll(right, 1, axis=1) + 3 * np.roll(right, 2, axis=1)

    assert strength(TITLES, vectors, third) == pytest.approx(1 / 3)


def test_queries_are_three_words_of_a_title_in_their_order() -> None:
    rows, queries = partial_titles(TITLES, 0)
    assert len(queries) == QUERIES == len(set(rows.tolist()))
    for row, query in zip(rows.tolist(), queries, strict=True):
        words = query.split()
        assert len(words) == 3 and "the" not in words
        assert [word for word in TITLES[row].split() if word in words] == words
    assert partial_titles(["one two three", ""], 0)[1] == []


def test_a_stronger_encoder_weighs_more_within_bounds() -> None:
    usual = Calibration().semantic_weight
    assert weight_of(0.67) == usual
    assert weight_of(0.335) == pytest.approx(usual / 4, abs=0.005)
    assert (weight_of(0.0), weight_of(1.0)) == (0.05, 0.5)
