"""The shop protocol on a log small enough to read."""

from collections.abc import Callable

import numpy as np

from mercato.core.columns import Event
from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.evaluation.shop_split import shop_split

SPLIT = 10 * MICROSECONDS_PER_DAY
MILK, TEA, RARE = range(3)


def test_split(log_of: Callable[..., Interactions]) -> None:
    log = log_of(
        [
            (0, 1, MILK),
            (0, 2, RARE),
            (1, 3, MILK),
            (1, 3, TEA),
            (2, 4, TEA),
            (2, 5, RARE, Event.VIEW_ITEM),
            # After the split: 0 buys milk again and tea, 1 only what is rare, 2 milk too late.
            (0, 10, MILK),
            (0, 11, TEA),
            (0, 11, TEA),
            (1, 12, RARE),
            (1, 12, MILK, Event.VIEW_ITEM),
            (2, 20, MILK),
        ],
        n_items=3,
    )
    found = shop_split(log, SPLIT, until=20 * MICROSECONDS_PER_DAY, least_shoppers=2)
    assert found.eligible.tolist() == [True, True, False]
    assert found.before.ts.max() < SPLIT
    assert len(found.before.item) == 6
    assert found.bought.users.tolist() == [0]
    assert found.bought.truth.item.tolist() == [MILK, TEA]
    assert found.new.users.tolist() == [0]
    assert found.new.truth.item.tolist() == [TEA]

    to_the_end = shop_split(log, SPLIT, least_shoppers=2)
    assert to_the_end.bought.users.tolist() == [0, 2]
    assert to_the_end.new.truth.item.tolist() == [TEA, MILK]


def test_some_shoppers_are_spread_over_all(log_of: Callable[..., Interactions]) -> None:
    before = [(user, 1, MILK) for user in range(9)]
    after = [(user, 11, MILK) for user in range(9)]
    found = shop_split(log_of(before + after, n_items=1), SPLIT, least_shoppers=1).bought
    assert found.first(3).users.tolist() == [0, 4, 8]
    assert found.first(None) is found
    assert np.array_equal(found.first(3).truth.item, [MILK, MILK, MILK])
