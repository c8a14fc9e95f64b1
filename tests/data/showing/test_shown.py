"""What was shown, with what came of it within a time that is the same for all."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pyarrow as pa
import pytest

from mercato.core.programs import BOT, mark
from mercato.data.assets import ASSETS
from mercato.data.engines import open_engine
from mercato.data.showing.shown import shown_items

NOON = datetime(2026, 5, 20, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=9)


def answer(query_id: str, user: str | None, visitor: str) -> dict[str, Any]:
    return {
        "query_id": query_id,
        "ts": NOON,
        "kind": "shelf",
        "placement": "home",
        "request": orjson.dumps({"visitor_id": visitor}).decode(),
        "release": 1,
        "user_id": user,
        "item_ids": ["a", "b"],
        "scores": [2.0, 1.0],
    }


def did(event: str, after: timedelta, **more: Any) -> dict[str, Any]:
    return {"line": 0, "ts": NOON + after, "event": event, "item_id": "a"} | more


def shown(
    answers: list[dict[str, Any]],
    events: list[dict[str, Any]],
    until: datetime = LATER,
    flags: list[dict[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    events = [each | {"event_id": f"e{at}"} for at, each in enumerate(events)]
    rows = {"answers": answers, "events": events, "shopper_flags": flags or []}
    with open_engine() as engine:
        tables = {
            name: engine.arrow(pa.Table.from_pylist(each, schema=ASSETS[name].schema))
            for name, each in rows.items()
        }
        found = shown_items(engine, tables, NOON - timedelta(days=1), until)
    return sorted(found.to_pylist(), key=lambda row: -row["score"])


@pytest.mark.parametrize(
    ("event", "hours", "column", "counts"),
    [
        ("purchase", 23, "bought", True),
        ("purchase", 25, "bought", False),
        ("purchase", -1, "bought", False),
        ("select_item", 0.9, "clicked", True),
        ("select_item", 1.1, "clicked", False),
    ],
)
def test_what_comes_too_late_does_not_count(
    event: str, hours: float, column: str, counts: bool
) -> None:
    line = did(event, timedelta(hours=hours), user_id="u", query_id="q")
    first, second = shown([answer("q", "u", "v")], [line, line])
    assert (first[column], second[column]) == (counts, False)


def test_what_is_not_known_yet_is_null() -> None:
    answers = [answer("q", "u", "v")]
    for hours, clicked, bought in ((0.5, None, None), (2, False, None), (25, False, False)):
        first, _ = shown(answers, [], NOON + timedelta(hours=hours))
        assert (first["clicked"], first["bought"]) == (clicked, bought)


def test_a_visitor_who_logs_in_to_buy_has_bought() -> None:
    line = did("purchase", timedelta(hours=1), user_id="u", visitor_id="v")
    assert shown([answer("q", None, "v")], [line])[0]["bought"]
    assert shown([answer("q", "u", "other")], [line])[0]["bought"]
    assert not shown([answer("q", None, "other")], [line])[0]["bought"]


def test_programs_were_shown_nothing() -> None:
    marked = {"attributes": f"{{{mark(BOT)}}}"}
    hour = timedelta(hours=1)
    answers = [answer("q1", "u1", "v1"), answer("q2", None, "v2"), answer("q3", "u3", "v3")]
    events = [
        did("view_item", hour, visitor_id="v2") | marked,
        did("view_item", hour, user_id="u3"),
    ]
    flags = [{"shopper_id": "u3", "flag": "bot-rate", "value": 9.0, "bound": 5.0}]
    assert {row["unit"] for row in shown(answers, events, flags=flags)} == {"u1"}
