"""Programs and the shop's own people are no units of an experiment."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pyarrow as pa
import pytest

from mercato.core.programs import BOT, OWN, mark
from mercato.data.assets import ASSETS
from mercato.data.engines import open_engine
from mercato.data.experiments.logs import logs
from mercato.data.experiments.units import SCHEMA, Span, seen_of, unit_sums, with_unit
from mercato.operating.experiments.banners import counted_banners


@pytest.mark.parametrize("user", [None, "anna"])
def test_who_was_marked_as_they_sent_events_is_left_out(logbook: Any, user: str | None) -> None:
    logbook.begin()
    for unit in ("v1", "v2", "v3"):
        logbook.shown(unit, "a:control", 1, user=user and unit)
        logbook.did(f"device-{unit}", "purchase", 2, user=unit, price=3.0)
    for at, name in ((1, BOT), (2, OWN)):
        logbook.rows[at] = logbook.rows[at]._replace(attributes=f"{{{mark(name)}}}")
    logbook.settle()
    begun = datetime.fromtimestamp(logbook.begun / 1e6, UTC)
    span = Span(begun - timedelta(days=1), begun, begun + timedelta(hours=9))
    with open_engine() as engine:
        tables = logs(engine, logbook.store, logbook.state)
        seen = seen_of(with_unit(tables["answers"]), "a", ("control",), span)
        found = engine.table(unit_sums(tables, seen, span, engine.kept), SCHEMA)
    assert found["unit"].to_pylist() == ["v1"]


def marked(logbook: Any, at: int) -> None:
    """The line of this number was sent by a program."""
    logbook.rows[at] = logbook.rows[at]._replace(attributes=f"{{{mark(BOT)}}}")


def found_by_a_build(logbook: Any, shopper_id: str) -> None:
    rows = [{"shopper_id": shopper_id, "flag": "bot-rate", "value": 9.0, "bound": 5.0}]
    schema = ASSETS["shopper_flags"].schema
    logbook.store.commit("shopper_flags", pa.Table.from_pylist(rows, schema=schema))


@pytest.mark.parametrize("flagged", [False, True])
def test_a_bandit_learns_from_people_alone(logbook: Any, flagged: bool) -> None:
    """What the program that was seen as v2 was shown and clicked changes nothing."""
    arms = [
        {"name": "control", "share": 0.5},
        {"name": "variant", "share": 0.5, "changes": {"order": "lin-ucb"}},
    ]
    logbook.begin(kind="bandit", placement="home", goal="click-rate", arms=arms)
    told = {"features": [[1.0, 0.5, 1.0, 0.3, 0.2, 0.0, 1.0]]}
    queries = [
        logbook.shown(unit, "a:variant", kind="shelf", items=("x",), told=told)
        for unit in ("v1", "v2")
    ]
    logbook.did("v1", "select_item", query_id=queries[0])
    logbook.settle()
    before = logbook.read().orders["variant"]
    logbook.did("v2", "select_item", user="program", query_id=queries[1])
    if flagged:
        found_by_a_build(logbook, "program")
    else:
        marked(logbook, 1)
    logbook.settle()
    after = logbook.read().orders["variant"]
    x = told["features"][0]
    assert before["squares"][0][0] - after["squares"][0][0] == pytest.approx(x[0] ** 2)
    assert after["products"] == before["products"], "its click is none"


def test_banners_that_programs_were_shown_do_not_count(logbook: Any) -> None:
    logbook.begin()
    told = {"banners": [{"id": "summer", "slot": "top", "propensity": 0.5}]}
    queries = [logbook.shown(unit, None, told=told) for unit in ("v1", "v2", "visitor-3")]
    for at, unit in enumerate(("v1", "v2")):
        logbook.did(unit, "select_promotion", query_id=queries[at], item=None)
        attributes = orjson.dumps({"promotion_id": "summer"}).decode()
        logbook.rows[at] = logbook.rows[at]._replace(attributes=attributes)
    logbook.did("v2", "view_item")
    marked(logbook, 2)
    found_by_a_build(logbook, "visitor:visitor-3")
    logbook.settle()
    start = datetime.fromtimestamp(logbook.begun / 1e6, UTC)
    with open_engine() as engine:
        found = counted_banners(engine, logs(engine, logbook.store, logbook.state), start)
    assert (found.shown, found.clicked) == ({"summer": 1}, {"summer": 1})
