"""Diversity, novelty, coverage and inequality, against arithmetic by hand and brute force."""

import math
from itertools import combinations, permutations

import numpy as np
import pytest

from mercato.core.errors import BadInput
from mercato.evaluation.beyond_accuracy import (
    categories_shown,
    coverage,
    gini,
    intra_list_diversity,
    novelty,
)
from mercato.evaluation.judging import NO_ITEM

NONE = NO_ITEM


def test_diversity_is_the_mean_distance_of_two() -> None:
    """Items 0 and 1 point the same way, 2 at a right angle to both, 3 the other way than 0."""
    vectors = np.array([[1, 0], [1, 0], [0, 1], [-1, 0]], np.float32)
    answers = np.array([[0, 1, NONE], [0, 2, NONE], [0, 1, 2], [0, 3, NONE], [0, NONE, NONE]])
    # Of three items two pairs are at right angles and one is alike: (0 + 1 + 1) / 3.
    expected = [0, 1, 2 / 3, 2, 0]
    assert intra_list_diversity(answers, vectors).tolist() == pytest.approx(expected)


def test_diversity_of_random_answers_is_that_of_all_pairs() -> None:
    random = np.random.default_rng(1)
    vectors = random.normal(size=(30, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    answers = np.array([random.permutation(30)[:6] for _ in range(20)])
    expected = [
        np.mean([1 - vectors[a] @ vectors[b] for a, b in combinations(row, 2)]) for row in answers
    ]
    assert intra_list_diversity(answers, vectors).tolist() == pytest.approx(expected)


def test_categories_are_counted_once() -> None:
    category = np.array([4, 4, 7, -1])
    answers = np.array([[0, 1, 2], [0, 3, NONE], [3, NONE, NONE]])
    assert categories_shown(answers, category).tolist() == [2, 1, 0]


def test_novelty_is_the_mean_of_bits() -> None:
    """Of 16 shoppers 8 know the first item: one bit; one knows the second: four; nobody the
    third, which counts as one."""
    shoppers = np.array([8, 1, 0])
    answers = np.array([[0, NONE], [0, 1], [2, NONE], [NONE, NONE]])
    assert novelty(answers, shoppers, 16).tolist() == [1, 2.5, 4, 0]


def test_coverage_counts_each_item_once() -> None:
    assert coverage(np.array([[0, 1], [1, NONE]]), 8) == 0.25
    with pytest.raises(BadInput, match="a catalogue with items; found 0"):
        coverage(np.array([[NONE]]), 0)


def test_gini_of_even_and_single_shows() -> None:
    assert gini(np.array([[0, 1], [2, 3]]), 4) == 0
    # One of n items has everything: (n - 1) / n.
    assert gini(np.array([[0], [0], [0]]), 4) == pytest.approx(3 / 4)
    assert gini(np.array([[NONE]]), 4) == 0


def test_gini_is_half_the_relative_mean_difference() -> None:
    random = np.random.default_rng(2)
    answers = random.zipf(1.6, size=(40, 5)) % 12
    shown = np.bincount(answers.ravel(), minlength=12)
    differences = sum(abs(a - b) for a, b in permutations(shown.tolist(), 2))
    expected = differences / (2 * 12 * 12 * shown.mean())
    assert gini(answers, 12) == pytest.approx(expected)
    assert not math.isclose(gini(answers, 12), 0)
