"""Personal frequency by hand, with forgetting and without."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mercato.core.columns import Event
from mercato.core.history import Interactions
from mercato.models.personal_frequency import PersonalFrequency

MILK, TEA, SOAP, SALT = range(4)


def log(log_of: Callable[..., Interactions]) -> Interactions:
    return log_of(
        [
            # Shopper 0: milk on days 0, 0 and 10, tea on day 60, soap only looked at.
            (0, 0, MILK),
            (0, 0, MILK),
            (0, 10, MILK),
            (0, 60, TEA),
            (0, 60, SOAP, Event.VIEW_ITEM),
            # Shopper 1 buys soap and salt once each, together; salt is what others buy.
            (1, 30, SOAP),
            (1, 30, SALT),
            (2, 30, SALT),
        ],
        n_items=4,
    )


def test_plain_counts_lines(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    model = fit_at(PersonalFrequency(power=0), log(log_of), 60)
    found = model.candidates(log(log_of).of(0), 9)
    assert found.items.tolist() == [MILK, TEA]
    assert found.scores == pytest.approx(np.array([3, 1]), abs=2e-3)


def test_ties_go_to_the_popular(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    model = fit_at(PersonalFrequency(power=0), log(log_of), 60)
    assert model.candidates(log(log_of).of(1), 9).items.tolist() == [SALT, SOAP]


def test_forgetting(log_of: Callable[..., Interactions], fit_at: Callable[..., Any]) -> None:
    model = fit_at(PersonalFrequency(scale_days=10, power=2), log(log_of), 60)
    found = model.candidates(log(log_of).of(0), 9)
    # Tea today counts 1; milk 2 / (1 + 60 / 10) ** 2 + 1 / (1 + 50 / 10) ** 2.
    assert found.items.tolist() == [TEA, MILK]
    assert found.scores == pytest.approx(np.array([1, 2 / 49 + 1 / 36]), abs=2e-3)
