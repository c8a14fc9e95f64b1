"""The goal by segments that were fixed before anybody saw the experiment; it decides nothing."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from mercato.core.outcomes import Outcome
from mercato.data.assets.users import USERS
from mercato.evaluation.experiments.decisions import Verdict
from mercato.shop.experiments.definition import Status
from mercato.shop.experiments.keeping import experiment


def shoppers(logbook: Any, name: str, arm: str, n: int, bought: int, **before: Any) -> None:
    """``n`` visitors who see an arm, the first of whom buy; with an event before that, or none."""
    for at in range(n):
        unit = f"{name}-{arm}{at}"
        if before:
            logbook.did(unit, "view_item", before["hour"])
            logbook.rows[-1] = logbook.rows[-1]._replace(channel=before.get("channel"))
        logbook.shown(unit, f"a:{arm}")
        if at < bought:
            logbook.did(unit, "purchase", price=10.0)
            logbook.rows[-1] = logbook.rows[-1]._replace(channel="app")


def found(logbook: Any, by: str) -> dict[str | None, Any]:
    return {each.segment: each for each in logbook.look().segments if each.by == by}


def opposite(logbook: Any) -> None:
    """Of 100 in each arm: of the new 20 buy under the control, 60 under the variant; of the known
    60 and 20."""
    logbook.begin(planned_units=1_000)
    for arm, new, known in (("control", 20, 60), ("variant", 60, 20)):
        shoppers(logbook, "new", arm, 100, new)
        shoppers(logbook, "known", arm, 100, known, hour=-5, channel="web")
    logbook.settle()


def test_what_is_nothing_in_all_is_a_gain_here_and_a_loss_there(logbook: Any) -> None:
    opposite(logbook)
    (whole,) = logbook.look().variants
    assert (whole.metrics[0].control, whole.metrics[0].variant) == pytest.approx((0.4, 0.4))
    told = found(logbook, "shopper")
    assert set(told) == {"new", "known"} and told["new"].units == (100, 100)
    new, known = told["new"].metric, told["known"].metric
    assert (new.control, new.variant, new.difference) == pytest.approx((0.2, 0.6, 0.4))
    assert (known.control, known.variant, known.difference) == pytest.approx((0.6, 0.2, -0.4))
    assert 0 < new.low < 0.4 < new.high and known.low < -0.4 < known.high < 0


def test_intervals_are_those_of_a_twelfth_of_alpha(logbook: Any) -> None:
    """By the formula of docs/experiments.md, with alpha = .05 / 12."""
    opposite(logbook)
    new = found(logbook, "shopper")["new"].metric
    # The larger deviation counts for both arms: never less than that of both together.
    own = [0.2 * 0.8 * 100 / 99, 0.6 * 0.4 * 100 / 99]
    together = sum(own) / 2
    variance = sum(max(each, together) for each in own) / 100
    # -2 log(.05 / 12) = 10.961; the mixture: 200 of 1,000 units × (10.961 + log 10.961 + 1).
    information = 0.2 * (10.961 + 2.394 + 1)
    far = (variance * (1 + information) / information) ** 0.5 * (
        # log(1 + 2.871) = 1.3535
        (1.3535 + 10.961) ** 0.5
    )
    assert (new.low, new.high) == pytest.approx((0.4 - far, 0.4 + far), abs=1e-3)


def test_a_segment_stops_and_ships_nothing(logbook: Any) -> None:
    opposite(logbook)
    (whole,) = logbook.look().variants
    assert found(logbook, "shopper")["known"].metric.high < 0
    assert whole.verdict is Verdict.GO_ON
    assert experiment(logbook.state, "a").status is Status.RUNNING
    assert experiment(logbook.state, "a").arm("variant").stopped is None


def test_the_reading_is_kept_with_its_segments(logbook: Any) -> None:
    opposite(logbook)
    logbook.look()
    kept = logbook.state.readings.get("a").reading["segments"]
    assert [(each["by"], each["segment"]) for each in kept[:2]] == [
        ("shopper", "known"),
        ("shopper", "new"),
    ]


def test_a_channel_counts_that_was_there_before_the_answer(logbook: Any) -> None:
    """All who buy do so in the app, which says nothing of where they were before."""
    logbook.begin(planned_units=1_000)
    for arm in ("control", "variant"):
        shoppers(logbook, "web", arm, 60, 30, hour=-5, channel="web")
        shoppers(logbook, "till", arm, 60, 30, hour=0.5, channel="till")  # before its answer
        shoppers(logbook, "none", arm, 60, 30)
        shoppers(logbook, "fax", arm, 10, 5, hour=-5, channel="fax")
    logbook.settle()
    told = found(logbook, "channel")
    assert {name: each.units for name, each in told.items()} == {
        "web": (60, 60),
        "till": (60, 60),
        "unknown": (60, 60),
        None: (10, 10),
    }
    # Of few nothing is said.
    others = told[None].metric
    assert (others.low, others.high, others.p_value) == (-float("inf"), float("inf"), 1.0)
    # The till's events came after the experiment began.
    new = found(logbook, "shopper")
    assert new["new"].units == (120, 120) and new["known"].units == (70, 70)


def test_the_newest_channel_counts(logbook: Any) -> None:
    logbook.begin()
    for arm in ("control", "variant"):
        shoppers(logbook, "web", arm, 60, 30, hour=-5, channel="web")
        shoppers(logbook, "none", arm, 60, 30)
        for at in range(60):
            logbook.did(f"web-{arm}{at}", "view_item", -4)
            logbook.rows[-1] = logbook.rows[-1]._replace(channel="till")
    logbook.settle()
    assert set(found(logbook, "channel")) == {"till", "unknown"}


def users(logbook: Any, segments: dict[str, str]) -> None:
    """A version of the asset, committed now."""
    moment = datetime.now(UTC)
    rows = [
        {"shopper_id": f"visitor:{unit}", "segment": name, "as_of": moment}
        for unit, name in segments.items()
    ]
    logbook.store.commit(USERS.name, pa.Table.from_pylist(rows, USERS.schema))


def test_rfm_is_that_of_the_beginning(logbook: Any) -> None:
    names = [f"{who}-{arm}{n}" for who in "xy" for arm in ("control", "variant") for n in range(60)]
    users(logbook, {name: "loyal" for name in names if name.startswith("x")})
    logbook.begin()
    for arm in ("control", "variant"):
        shoppers(logbook, "x", arm, 60, 30)
        shoppers(logbook, "y", arm, 60, 30)
    logbook.settle()
    users(logbook, dict.fromkeys(names, "champions"))  # what the treatment may have made of them
    assert {name: each.units for name, each in found(logbook, "rfm").items()} == {
        "loyal": (60, 60),
        "unknown": (60, 60),
    }


def test_without_users_at_the_beginning_there_is_no_rfm(logbook: Any) -> None:
    opposite(logbook)
    users(logbook, {f"new-control{n}": "loyal" for n in range(100)})
    assert found(logbook, "rfm") == {}


def test_where_shares_are_wrong_nothing_is_said(logbook: Any) -> None:
    logbook.begin()
    for arm, n in (("control", 600), ("variant", 400)):
        shoppers(logbook, "new", arm, n // 2, 10)
        shoppers(logbook, "known", arm, n // 2, 10, hour=-5)
    logbook.settle()
    reading = logbook.look()
    assert reading.mismatch and reading.segments == ()


def test_what_was_not_measured_has_no_segments(logbook: Any) -> None:
    logbook.begin(goal=str(Outcome.EMPTY_SEARCHES))
    for arm in ("control", "variant"):
        for at in range(60):
            logbook.did(f"k{arm}{at}", "view_item", -5)
            logbook.shown(f"k{arm}{at}", f"a:{arm}", kind="shelf")
            logbook.shown(f"n{arm}{at}", f"a:{arm}", kind="shelf")
    logbook.settle()
    assert logbook.look().segments == ()
