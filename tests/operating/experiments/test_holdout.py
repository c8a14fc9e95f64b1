"""Everybody beside those whom no experiment touches, by numbers that can be added up by hand."""

from typing import Any

import numpy as np
import pytest

from mercato.core.errors import NotReady
from mercato.core.paths import ShopPaths
from mercato.core.settings import ExperimentSettings, Settings, settings_text
from mercato.operating.experiments.held_out import is_due, last_holdout
from mercato.operating.experiments.holdout import OTHERS, HoldoutReading, read_holdout
from mercato.operating.experiments.looking import look_at_all

NOON = 1_780_000_000_000_000
HOUR, DAY = 3_600_000_000, 86_400_000_000


@pytest.fixture
def held_out(logbook: Any) -> Any:
    """Two hundred shoppers, half of them held out, of whom one in ten buys; of the others, who see
    experiments or none, one in five. Whoever bought before buys more."""
    logbook.begun = NOON
    for number in range(200):
        out, nth = number < 100, number % 100
        unit = f"v{number}"
        logbook.shown(unit, "holdout" if out else "a:x" if nth % 2 else None, 1)
        before = nth % 5
        logbook.did(unit, "purchase", -24, price=float(before))
        spent = 3.0 * before + nth % 3 + (0 if out else 2)
        if nth < (10 if out else 20):
            logbook.did(unit, "purchase", 2, price=spent)
    logbook.settle()
    return logbook


def read(logbook: Any, share: float = 0.5, hours: float = 10) -> HoldoutReading:
    now = NOON + round(hours * HOUR)
    return read_holdout(logbook.store, logbook.state, share, now)


def test_what_all_experiments_did_together(held_out: Any) -> None:
    found = read(held_out)
    assert (found.begun, found.units) == (NOON + HOUR, {"holdout": 100, OTHERS: 100})
    assert not found.mismatch
    metrics = {each.metric: each for each in found.metrics}
    conversion = metrics["conversion"]
    assert conversion.control == pytest.approx(0.1) and conversion.variant == pytest.approx(0.2)
    assert conversion.low < 0.1 < conversion.high
    before = np.tile(np.arange(100) % 5, (2, 1))
    spent = 3.0 * before + np.arange(100) % 3 + np.array([[0], [2]])
    revenue = np.where(np.arange(100) < np.array([[10], [20]]), spent, 0)
    # Both arms had spent alike before, so that nothing is taken off the difference itself.
    assert metrics["revenue"].difference == pytest.approx(revenue[1].mean() - revenue[0].mean())
    past = (before - 2.0).ravel()
    left = (revenue - revenue.mean(axis=1, keepdims=True)).ravel()
    explained = (past @ left) ** 2 / (past @ past) / (left @ left)
    assert metrics["revenue"].explained == pytest.approx(explained)
    assert "searches-without-click" in metrics

    later = read(held_out, share=0.25)
    assert later.begun == NOON + 10 * HOUR, "with another share it begins anew"
    assert sum(later.units.values()) == 0 and later.metrics == ()


def test_nothing_that_was_done_since_counts_as_before(held_out: Any) -> None:
    """It would take off what experiments did: here all spend 50 more than they had before."""
    for number in range(200):
        held_out.did(f"v{number}", "purchase", 24 * 20, price=50.0)
        held_out.shown(f"v{number}", "holdout" if number < 100 else None, 24 * 20 + 1)
    held_out.rows = held_out.rows[-200:]
    held_out.settle()
    revenue = {each.metric: each for each in read(held_out, hours=24 * 30).metrics}["revenue"]
    bought = sum(3 * (n % 5) + n % 3 for n in range(10))
    assert revenue.control == pytest.approx(bought / 100 + 50)


def test_nobody_is_held_out(logbook: Any) -> None:
    with pytest.raises(NotReady, match="whom no experiment touches"):
        read(logbook, share=0.0)


def test_a_server_looks_once_a_day(held_out: Any) -> None:
    state, paths = held_out.state, ShopPaths(held_out.root)
    now = NOON + 10 * HOUR

    def settle(share: float) -> None:
        changed = Settings(experiments=ExperimentSettings(holdout=share))
        paths.settings.write_text(settings_text(changed))

    assert is_due(state, 0.5, now) and not is_due(state, 0.0, now)
    settle(0.05)
    look_at_all(paths, now)
    told = last_holdout(state)
    assert told is not None and told["units"] == {"holdout": 100, OTHERS: 100}
    assert told["mismatch"], "half are held out, where one in twenty should"
    assert not is_due(state, 0.5, now + DAY - 1) and is_due(state, 0.5, now + DAY)
    settle(0.0)
    look_at_all(paths, now + HOUR)
    assert read(held_out, share=0.05, hours=20).begun == NOON + 20 * HOUR, "held out anew"
