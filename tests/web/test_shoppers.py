"""Which shoppers are offered to look through."""

import math

import numpy as np
import pytest

from mercato.web.shoppers import N_PICKS, differing, habit_strength


def test_strength_is_the_divergence_by_category():
    # Shares of all: 1/2, 1/2. To each shopper are added the median 4 lines of an average one,
    # so the first has (3 + 2, 1 + 2) of 8, the second (1 + 2, 3 + 2).
    strength = habit_strength(np.array([[3.0, 1.0], [1.0, 3.0]]))
    liked, disliked = 5 / 8 * math.log(5 / 4), 3 / 8 * math.log(3 / 4)
    assert strength == pytest.approx(np.array([[liked, disliked], [disliked, liked]]))


def test_a_category_that_nobody_buys_says_nothing():
    assert habit_strength(np.array([[2.0, 0.0], [2.0, 0.0]]))[:, 1] == pytest.approx([0, 0])


def test_the_typical_one_stands_first_and_no_two_share_a_passion():
    counts = np.array(
        [
            [50.0, 1.0, 1.0],
            [30.0, 10.0, 9.0],
            [1.0, 50.0, 1.0],
            [17.0, 17.0, 16.0],
            [1.0, 1.0, 50.0],
        ]
    )
    chosen = differing(habit_strength(counts))
    assert chosen[0] == 3
    passions = [int(habit_strength(counts)[at].argmax()) for at in chosen]
    assert len(set(passions)) == len(passions) == 3


def test_picks_are_few():
    rng = np.random.default_rng(1)
    counts = rng.poisson(3, (60, 40)).astype(float) + 30 * np.eye(60, 40)
    assert len(differing(habit_strength(counts))) == N_PICKS
