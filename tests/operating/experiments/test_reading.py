"""What units did is summed up from both logs, each line once, and compared as it should be."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from mercato.core.outcomes import Outcome
from mercato.data.engines import open_engine
from mercato.data.experiments.logs import logs
from mercato.data.experiments.units import SCHEMA, Span, seen_of, unit_sums, with_unit
from mercato.evaluation.experiments.decisions import Verdict
from mercato.operating.drain import drain
from mercato.ranking.bandits.shelf_order import FEATURES, PRIOR, PRIOR_SHOWN
from mercato.shop.experiments.definition import Status
from mercato.shop.experiments.keeping import experiment, stop_arm
from mercato.shop.rules import By


def sums(logbook: Any, hours: float = 100) -> dict[str, dict[str, Any]]:
    begun = datetime.fromtimestamp(logbook.begun / 1e6, UTC)
    span = Span(begun - timedelta(days=28), begun, begun + timedelta(hours=hours))
    with open_engine() as engine:
        tables = logs(engine, logbook.store, logbook.state)
        seen = seen_of(with_unit(tables["answers"]), "a", ("control", "variant"), span)
        found = engine.table(unit_sums(tables, seen, span, engine.kept), SCHEMA)
    return {row["unit"]: row for row in found.to_pylist()}


def written(logbook: Any) -> None:
    """Two who see the experiment, one who does not."""
    logbook.begin()
    first = logbook.shown("v1", "a:control,b:x", 1)
    logbook.shown("v1", "a:control", 2, items=())
    shelf = logbook.shown("v1", "b:x,a:control", 3, kind="shelf")
    logbook.shown("v2", "a:variant", 1)
    logbook.shown("v3", "aa:variant,b:a", 1)
    logbook.shown("v3", None, 1)
    logbook.did("v1", "select_item", 1.1, query_id=first)
    logbook.did("v1", "select_item", 1.2, query_id=first)
    logbook.did("v1", "add_to_cart", 3.1, query_id=shelf)
    logbook.did("v1", "purchase", 4, price=10.0, quantity=3.0)
    logbook.did("v1", "purchase", 5, price=99.0, value=7.5)
    logbook.did("v2", "purchase", 0.5, price=5.0)  # before it saw anything
    logbook.did("v2", "purchase", -5 * 24, price=4.0)
    logbook.did("v2", "purchase", -29 * 24, price=400.0)
    logbook.did("v3", "purchase", 4, price=5.0)


@pytest.mark.parametrize("drained", [False, True])
def test_sums_of_a_unit_begin_with_its_first_answer(logbook: Any, drained: bool) -> None:
    written(logbook)
    logbook.settle(drained=drained)
    found = sums(logbook)
    assert set(found) == {"v1", "v2"}
    one = {"unit": "v1", "arm": "control", "answers": 3, "clicked": 2, "searches": 2}
    one |= {"unclicked": 1, "empty": 1, "carted": 1, "bought": 1, "revenue": 3 * 10 + 7.5}
    assert {name: found["v1"][name] for name in one} == one
    two = {"arm": "variant", "answers": 1, "clicked": 0, "unclicked": 1, "bought": 0}
    two |= {"revenue": 0, "bought_before": 1, "revenue_before": 4.0}
    assert {name: found["v2"][name] for name in two} == two


def test_what_is_half_in_the_assets_counts_once(logbook: Any) -> None:
    written(logbook)
    logbook.settle(drained=True)
    whole = sums(logbook)
    logbook.rows.clear()
    logbook.did("v2", "purchase", 6, price=2.0)
    logbook.rows[0] = logbook.rows[0]._replace(event_id="late")
    logbook.settle()
    assert sums(logbook) == whole | {"v2": whole["v2"] | {"bought": 1.0, "revenue": 2.0}}
    drain(logbook.state, logbook.store)
    assert sums(logbook)["v2"]["revenue"] == 2.0


def test_who_logs_in_before_buying_has_bought(logbook: Any) -> None:
    logbook.begin()
    logbook.shown("v1", "a:control", 1)
    logbook.shown("v2", "a:variant", 1, user="anna")  # assigned as anna, on the device v2
    logbook.did("v1", "purchase", 2, user="bob", price=3.0)
    logbook.did("v9", "purchase", 2, user="anna", price=5.0)
    logbook.settle()
    assert {unit: row["revenue"] for unit, row in sums(logbook).items()} == {"v1": 3, "anna": 5}


def buyers(logbook: Any, each: int, rates: tuple[float, float], seed: int = 0) -> None:
    """``each`` visitors an arm, who buy at these rates and had bought a day before as often."""
    random = np.random.default_rng(seed)
    for arm, rate in zip(("control", "variant"), rates, strict=True):
        for n in range(each):
            unit = f"{arm}{n}"
            logbook.shown(unit, f"a:{arm}")
            if random.random() < rate:
                logbook.did(unit, "purchase", price=10.0)
    logbook.settle()


def test_a_loss_stops_the_variant_and_is_on_record(logbook: Any) -> None:
    guard = [{"metric": "conversion", "margin": 0.05}]
    logbook.begin(goal="click-rate", guardrails=guard, planned_units=1_000)
    buyers(logbook, 500, (0.5, 0.2))
    reading = logbook.look()
    (variant,) = reading.variants
    assert (variant.verdict, reading.units) == (Verdict.STOP, {"control": 500, "variant": 500})
    assert "conversion is worse" in variant.reason
    stopped = experiment(logbook.state, "a")
    assert stopped.status is Status.STOPPED
    assert stopped.arm("variant").stopped == variant.reason
    last = list(logbook.state.decisions.since())[-1]
    assert (last.actor, last.key, last.kind) == ("mercato", "a", "experiment")
    assert logbook.state.readings.get("a").reading["variants"][0]["verdict"] == "stop"


def test_a_loss_within_the_margin_stops_nothing(logbook: Any) -> None:
    guard = [{"metric": "conversion", "margin": 0.9}]
    logbook.begin(goal="click-rate", guardrails=guard, planned_units=1_000)
    buyers(logbook, 500, (0.5, 0.2))
    assert logbook.look().variants[0].verdict is not Verdict.STOP
    assert experiment(logbook.state, "a").status is Status.RUNNING


def test_a_gain_is_shipped_and_nothing_is_not(logbook: Any) -> None:
    logbook.begin(planned_units=1_000)
    buyers(logbook, 500, (0.2, 0.4))
    (variant,) = logbook.look().variants
    (told,) = variant.metrics
    bought = {unit: row["bought"] for unit, row in sums(logbook).items()}
    rates = [np.mean([bought[f"{arm}{n}"] for n in range(500)]) for arm in ("control", "variant")]
    assert (told.control, told.variant) == pytest.approx(rates)
    assert variant.verdict is Verdict.SHIP and 0 < told.low < rates[1] - rates[0] < told.high
    assert experiment(logbook.state, "a").status is Status.RUNNING  # a person decides


def test_lost_units_void_what_is_read(logbook: Any) -> None:
    logbook.begin(planned_units=1_000)
    for n in range(600):
        logbook.shown(f"c{n}", "a:control")
    for n in range(400):
        logbook.shown(f"v{n}", "a:variant")
    logbook.settle()
    reading = logbook.look()
    # 600 of 1,000 where 500 are designed: 6.3 standard deviations.
    assert reading.mismatch
    assert reading.variants[0].verdict is Verdict.VOID
    assert experiment(logbook.state, "a").status is Status.RUNNING


def three_arms(logbook: Any, shown: tuple[int, int]) -> Any:
    """0.3 and 0.3 beside a third that was stopped; visitors of the first two."""
    third = {"name": "third", "share": 0.4, "changes": {"variety": 0.9}}
    arms = [{"name": "control", "share": 0.3}, {"name": "variant", "share": 0.3}]
    logbook.begin(arms=[*arms, third])
    stop_arm(logbook.state, "a", "third", "slow", By("me", "test"))
    for arm, number in zip(("control", "variant"), shown, strict=True):
        for n in range(number):
            logbook.shown(f"{arm}{n}", f"a:{arm}")
    logbook.settle()
    return logbook.read()


def test_a_variant_that_was_stopped_makes_no_mismatch(logbook: Any) -> None:
    reading = three_arms(logbook, (300, 300))
    assert not reading.mismatch and [each.arm for each in reading.variants] == ["variant"]


def test_arms_that_are_left_still_alarm_where_one_loses_units(logbook: Any) -> None:
    # Halves of those that are left: 600 of 1,000 is 6.3 standard deviations.
    reading = three_arms(logbook, (600, 400))
    assert reading.mismatch and reading.variants[0].verdict is Verdict.VOID


def test_what_loses_units_and_harms_is_stopped(logbook: Any) -> None:
    guard = [{"metric": "conversion", "margin": 0.05}]
    logbook.begin(goal="click-rate", guardrails=guard, planned_units=1_000)
    for arm, seen, bought in (("control", 600, 300), ("variant", 400, 60)):
        for n in range(seen):
            logbook.shown(f"{arm}{n}", f"a:{arm}")
            if n < bought:
                logbook.did(f"{arm}{n}", "purchase", price=10.0)
    logbook.settle()
    reading = logbook.look()
    assert reading.mismatch and reading.variants[0].verdict is Verdict.STOP
    assert experiment(logbook.state, "a").arm("variant").stopped == (
        "conversion is worse than the control's"
    )


def test_what_was_before_narrows_the_interval(logbook: Any) -> None:
    """Who bought before buys again: CUPED explains most of what units differ in."""
    logbook.begin(goal="revenue", planned_units=400)
    random = np.random.default_rng(1)
    for n in range(400):
        unit, habit = f"u{n}", float(random.gamma(2, 20))
        logbook.did(unit, "purchase", -48, price=habit)
        logbook.shown(unit, f"a:{('control', 'variant')[n % 2]}")
        logbook.did(unit, "purchase", 2, price=habit + float(random.normal(0, 5)))
    logbook.settle()
    (told,) = logbook.read().variants[0].metrics
    # The noise's variance is 25, the habit's 2 × 20² = 800.
    assert told.explained == pytest.approx(800 / 825, abs=0.02)


def test_an_experiment_ends_when_its_time_is_over(logbook: Any) -> None:
    logbook.begin(ends_at="2999-01-01")
    logbook.look()
    assert experiment(logbook.state, "a").status is Status.RUNNING
    logbook.look(hour=24 * 366 * 1_000)
    ended = experiment(logbook.state, "a")
    assert (ended.status, ended.reason) == (Status.ENDED, "its time was over")


def test_clicks_on_drafted_answers_are_credited(logbook: Any) -> None:
    arms = [
        {"name": "old", "share": 0.5},
        {"name": "new", "share": 0.5, "changes": {"search_ranker": False}},
    ]
    logbook.begin(kind="interleaving", goal="click-rate", arms=arms, planned_units=200)
    told = {"teams": [0, 1, 2, 1]}
    for n in range(200):
        query = logbook.shown(f"u{n}", "a:interleaved", items=("w", "x", "y", "z"), told=told)
        other = logbook.shown(f"u{n}", "a:interleaved", items=("w", "x", "y", "z"), told=told)
        clicks = ("w",) if n < 50 else ("x", "z", "w") if n < 150 else ("y",)
        for item in clicks:
            logbook.did(f"u{n}", "select_item", query_id=query, item=item)
        logbook.did(f"u{n}", "select_item", query_id=other, item="y")
    logbook.settle()
    reading = logbook.read()
    (variant,) = reading.variants
    (found,) = variant.metrics
    assert (variant.arm, reading.units) == ("new", {"interleaved": 200})
    # 50 speak for the old one, 100 for the new one, of 400 searches.
    assert found.difference == pytest.approx((100 - 50) / 400)
    assert variant.verdict is Verdict.SHIP


def test_a_bandit_learns_from_what_was_clicked(logbook: Any) -> None:
    arms = [
        {"name": "control", "share": 0.5},
        {"name": "variant", "share": 0.5, "changes": {"order": "lin-ucb"}},
    ]
    logbook.begin(kind="bandit", placement="home", goal="click-rate", arms=arms)
    first, second = [1.0, 0.5, 1.0, 0.3, 0.2, 0.0, 1.0], [1.0, 1.0, 0.6, 0.1, 0.9, 1.0, 0.6]
    told = {"features": [first, second]}
    query = logbook.shown("v1", "a:variant", kind="shelf", items=("x", "y"), told=told)
    logbook.shown("v2", "a:variant", kind="shelf", items=("x", "y"), told=told)
    logbook.shown("v3", "a:variant", kind="shelf", items=("x",), told={"features": [[1.0]]})
    logbook.shown("v4", "a:control", kind="shelf", items=("x", "y"))
    logbook.did("v1", "select_item", query_id=query, item="y")
    logbook.settle()
    (arm, learned), *_ = logbook.read().orders.items()
    x = np.array([first, second])
    prior = PRIOR_SHOWN * np.array(PRIOR)
    assert arm == "variant" and len(FEATURES) == 7
    np.testing.assert_allclose(learned["squares"], 2 * x.T @ x, atol=1e-12)
    np.testing.assert_allclose(learned["products"], prior + x[1])


def test_every_outcome_can_be_measured(logbook: Any) -> None:
    guards = [{"metric": each} for each in Outcome if each is not Outcome.REVENUE]
    logbook.begin(goal="revenue", guardrails=guards, planned_units=200)
    for n in range(200):
        unit = f"u{n}"
        query = logbook.shown(unit, f"a:{('control', 'variant')[n % 2]}", items=("x",) * (n % 5))
        if n % 5 == 1:
            logbook.did(unit, "add_to_cart", query_id=query)
        if n % 10 == 1:
            logbook.did(unit, "purchase", price=4.0)
    logbook.settle()
    read = {each.metric: each.control for each in logbook.read().variants[0].metrics}
    # The control's are the even ones: n % 5 == 1 of a fifth, n % 10 == 1 of none, n % 5 == 0 of a
    # fifth.
    assert read == pytest.approx(
        {
            "click-rate": 0.2,
            "searches-without-click": 0.8,
            "empty-searches": 0.2,
            "add-to-cart": 0.2,
            "conversion": 0.0,
            "revenue": 0.0,
        }
    )
