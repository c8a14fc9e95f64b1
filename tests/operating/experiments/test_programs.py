"""Programs and the shop's own people are no units of an experiment."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mercato.core.programs import BOT, OWN, mark
from mercato.data.engines import open_engine
from mercato.data.experiments.logs import logs
from mercato.data.experiments.units import SCHEMA, Span, seen_of, unit_sums, with_unit


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
