"""A plan on what was summed up is the plan on the log, and reads none."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mercato.core.errors import NotReady
from mercato.core.outcomes import Outcome
from mercato.core.progress import Silent
from mercato.operating.experiments import planning
from mercato.operating.experiments.planning import Asked, plan, plan_on_sums
from mercato.operating.summing import sum_up


def written(logbook: Any, shoppers: int = 60) -> None:
    """Weeks of shoppers who search, click, fill baskets and buy by chance."""
    random = np.random.default_rng(0)
    (logbook.root / "shop.toml").write_text("format = 1\n")
    for n in range(shoppers):
        for _ in range(random.integers(1, 4)):
            hour = float(random.integers(24, 35 * 24))
            items = ("x", "y") if random.random() < 0.8 else ()
            answer = logbook.shown(f"v{n}", None, hour, items=items)
            if items and random.random() < 0.5:
                logbook.did(f"v{n}", "select_item", hour + 0.1, query_id=answer)
            if random.random() < 0.4:
                logbook.did(f"v{n}", "add_to_cart", hour + 0.2)
            if random.random() < 0.4:
                logbook.did(f"v{n}", "purchase", hour + 0.3, price=float(random.integers(1, 50)))
    logbook.settle(drained=True)


@pytest.mark.parametrize("outcome", Outcome)
def test_sums_tell_what_the_log_tells(
    logbook: Any, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(logbook)
    asked = Asked(outcome, 0.1, variants=2, share=0.5)
    expected = plan(logbook.store, logbook.state, asked)
    assert expected.planned_units > 100
    sum_up(logbook.root, Silent())
    monkeypatch.setattr(planning, "open_engine", None)
    found = plan_on_sums(logbook.store, asked)
    assert found.planned_units == pytest.approx(expected.planned_units, abs=1)
    numbers = ("value", "deviation", "shoppers_a_day", "detectable")
    for name in numbers:
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-9)
    # Days of other plans are those that were summed up.
    assert plan_on_sums(logbook.store, replace(asked, days=7)) == found


def test_what_is_not_summed_up_is_said(logbook: Any) -> None:
    with pytest.raises(NotReady, match="the newest weeks summed up"):
        plan_on_sums(logbook.store, Asked(Outcome.CONVERSION, 0.1))
