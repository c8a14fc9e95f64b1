"""Popularity counts shoppers, not purchases, and may count the newest days only."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mercato.core.columns import Event
from mercato.core.history import Interactions
from mercato.models.popularity import Popularity

OLD, OFTEN, VIEWED, LATE = range(4)


def log(log_of: Callable[..., Interactions]) -> Interactions:
    return log_of(
        [
            *((user, 1, OLD) for user in range(4)),
            *((0, day, OFTEN) for day in range(80, 90)),
            (1, 85, OFTEN),
            (2, 85, VIEWED, Event.VIEW_ITEM),
            (3, 99, LATE),
        ],
        n_items=5,
    )


def test_distinct_shoppers(log_of: Callable[..., Interactions], fit_at: Callable[..., Any]) -> None:
    found = fit_at(Popularity(days=0), log(log_of), 100)
    assert found.shoppers == pytest.approx(np.array([4, 2, 0.2, 1, 0]))
    assert found.order.tolist() == [OLD, OFTEN, LATE, VIEWED, 4]


def test_newest_days(log_of: Callable[..., Interactions], fit_at: Callable[..., Any]) -> None:
    found = fit_at(Popularity(days=28), log(log_of), 100)
    assert found.shoppers == pytest.approx(np.array([0, 2, 0.2, 1, 0]))
