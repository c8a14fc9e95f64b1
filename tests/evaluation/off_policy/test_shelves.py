"""Shelves whose worth is known, by hand and by going through all that can be shown."""

from itertools import product

import numpy as np
import pytest

from mercato.evaluation.off_policy.shelves import per_place, per_shelf, running_products


def test_by_hand() -> None:
    """Two shelves, of two places and of one: (1 × 2 + 3 × 1/2 + 1 × 4) / 2."""
    terms = per_shelf(
        reward=np.array([1.0, 3, 1]),
        propensity=np.array([0.5, 0.8, 0.25]),
        target=np.array([1.0, 0.4, 1]),
        shelf=np.array([0, 0, 1]),
    )
    assert terms.value == pytest.approx((2 + 1.5 + 4) / 2)
    # Shelves of 3.5 and 4: their standard deviation over the root of two.
    assert terms.standard_error() == pytest.approx(np.std([3.5, 4], ddof=1) / np.sqrt(2))


def test_cascades_are_products_from_the_top_in_any_order_of_shelves() -> None:
    chance = np.array([0.5, 0.5, 0.5, 0.25, 0.2])
    assert running_products(chance, np.array([3, 3, 3, 9, 9])).tolist() == [
        0.5,
        0.25,
        0.125,
        0.25,
        0.05,
    ]
    assert running_products(chance, np.array([1, 0, 1, 0, 1])).tolist() == [
        0.5,
        0.5,
        0.25,
        0.125,
        0.05,
    ]


LOGGING = np.array([[0.7, 0.3], [0.4, 0.6]])
TARGET = np.array([[0.2, 0.8], [0.9, 0.1]])
"""The chance of two items at each of two places, drawn independently."""


def _expected(reward, cascade: bool) -> tuple[float, float]:
    """The worth of TARGET, and what is told of it on average: over all four shelves, each
    counted as often as LOGGING shows it."""
    truth = told = 0.0
    for items in product(range(2), repeat=2):
        rows = np.arange(2)
        shown, asked = LOGGING[rows, items], TARGET[rows, items]
        rewards = np.array([reward(items, place) for place in range(2)])
        truth += asked.prod() * rewards.sum()
        shelf = np.zeros(2, int)
        if cascade:
            told_here = per_shelf(
                rewards, running_products(shown, shelf), running_products(asked, shelf), shelf
            )
        else:
            told_here = per_shelf(rewards, shown, asked, shelf)
        told += shown.prod() * told_here.value
    return truth, told


def test_independent_places_are_told_without_bias() -> None:
    truth, told = _expected(lambda items, place: 1 + items[place] + 0.5 * place, cascade=False)
    assert told == pytest.approx(truth)


def test_places_that_look_up_need_a_cascade() -> None:
    def depends(items, place):
        return 1.0 + items[place] * (3 if place and items[0] else 1)

    truth, told = _expected(depends, cascade=True)
    assert told == pytest.approx(truth)
    truth, told = _expected(depends, cascade=False)
    assert abs(told - truth) > 0.1


def test_places_on_their_own() -> None:
    found = per_place(
        reward=np.array([1.0, 0, 0, 1]),
        propensity=np.array([0.5, 0.5, 0.5, 0.25]),
        target=np.array([1.0, 0.5, 0.5, 0.25]),
        position=np.array([1, 1, 2, 2]),
    )
    assert {place: terms.value for place, terms in found.items()} == pytest.approx(
        {1: 2 / 3, 2: 0.5}
    )
