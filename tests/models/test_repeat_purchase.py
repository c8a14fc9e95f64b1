"""Repeat purchase learns from a shop's own newest weeks what is bought again there."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mercato.core.history import Interactions
from mercato.models.repeat_purchase import RepeatPurchase

GONE, ONCE, WEEKLY = range(3)
AS_OF = 200


def shop(log_of: Callable[..., Interactions], shoppers: int) -> Interactions:
    """All shoppers buy the one item every week, another once in their life (each on another day),
    and a third one weekly until it was no longer sold on day 140."""
    return log_of(
        [
            *((user, day, WEEKLY) for user in range(shoppers) for day in range(0, AS_OF, 7)),
            *((user, (user * 13) % AS_OF, ONCE) for user in range(shoppers)),
            *((user, day, GONE) for user in range(shoppers) for day in range(0, 140, 7)),
        ],
        n_items=4,
    )


@pytest.mark.parametrize("shoppers", [600, 20])
def test_what_repeats_comes_first(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any], shoppers: int
) -> None:
    """Also where there is too little to learn from, by what another shop taught."""
    log = shop(log_of, shoppers)
    model = fit_at(RepeatPurchase(), log, AS_OF)
    # A shopper who bought each of them exactly once, on the same day.
    one = log_of([(0, 139, WEEKLY), (0, 139, ONCE), (0, 139, GONE)], n_items=4)
    found = model.candidates(one, 3)
    assert found.items[0] == WEEKLY
    assert ((found.scores > 0) & (found.scores < 1)).all()
    # Nobody bought the third one lately.
    assert found.scores[0] > 2 * model.score(one)[0, GONE]


def test_chances_are_those_of_the_shop(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    """Everyone buys the weekly item again within four weeks, hardly anyone what is bought once."""
    log = shop(log_of, 600)
    model = fit_at(RepeatPurchase(), log, AS_OF)
    scores = model.score(log.of(100))[0]
    assert scores[WEEKLY] > 0.95
    assert scores[ONCE] < 0.05
    assert scores[3] == -np.inf


def test_an_item_newer_than_the_log(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    """It stands between what is bought again and what is not, and rises with each purchase."""
    log = shop(log_of, 600)
    model = fit_at(RepeatPurchase(), log, AS_OF)
    once, twice = model.of_new_items(np.array([1.0, 2.0]))
    today = log_of([(0, AS_OF, WEEKLY), (0, AS_OF, ONCE)], n_items=4)
    scores = model.score(today)[0]
    assert scores[ONCE] < once < twice
    assert once < scores[WEEKLY]
