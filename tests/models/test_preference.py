"""Preferences by hand."""

from collections.abc import Callable

import numpy as np
import pytest

from mercato.core.columns import Event
from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.models.preference import Forgetting, preferences


def test_without_forgetting_it_is_who_bought_what(log_of: Callable[..., Interactions]) -> None:
    log = log_of([(0, 1, 3), (0, 5, 3), (0, 2, 1), (1, 9, 3)], n_items=4)
    found = preferences(log, 0, Forgetting(power=0))
    assert found.offsets.tolist() == [0, 2, 3]
    assert found.item.tolist() == [1, 3, 3]
    assert found.weight.tolist() == [1, 1, 1]


def test_events_weigh_by_effort_and_fade(log_of: Callable[..., Interactions]) -> None:
    # At day 30: a purchase of day 0 counts 1 / (1 + 30 / 30); a view of day 30 0.2; a cart of day
    # 15 0.5 / (1 + 15 / 30), to which today's purchase adds 1, and 1 is the most.
    log = log_of(
        [
            (0, 0, 0),
            (0, 30, 1, Event.VIEW_ITEM),
            (0, 15, 2, Event.ADD_TO_CART),
            (0, 15, 3, Event.ADD_TO_CART),
            (0, 30, 3),
        ],
        n_items=4,
    )
    found = preferences(log, 30 * MICROSECONDS_PER_DAY, Forgetting(scale_days=30, power=1))
    assert found.weight == pytest.approx(np.array([1 / 2, 0.2, 0.5 / 1.5, 1]))


def test_some_events_say_nothing(log_of: Callable[..., Interactions]) -> None:
    quiet = [Event.VIEW_ITEM_LIST, Event.DISMISS, Event.REFUND, Event.REMOVE_FROM_CART]
    log = log_of([(0, 1, item, event) for item, event in enumerate(quiet)], n_items=4)
    found = preferences(log, MICROSECONDS_PER_DAY, Forgetting())
    assert found.item.tolist() == []
    assert found.offsets.tolist() == [0, 0]
