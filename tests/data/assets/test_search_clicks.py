from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pyarrow as pa
import pytest

from mercato.data.assets import ASSETS
from mercato.data.assets.search_clicks import DEEPEST, plain_query

START = datetime(2026, 1, 1, tzinfo=UTC)


def answer(query_id: str, items: str, day: int = 0, first: int = 1, **asked: Any) -> dict[str, Any]:
    return {
        "query_id": query_id,
        "ts": START + timedelta(days=day),
        "kind": asked.pop("kind", "search"),
        "request": orjson.dumps({"q": "Red  Shoes", "filters": [], "sort": None} | asked).decode(),
        "item_ids": list(items),
        "positions": list(range(first, first + len(items))),
    }


def event(query_id: str, item: str, kind: str, day: int = 0, who: str = "u") -> dict[str, Any]:
    number = f"{query_id}{item}{kind}{day}{who}"
    ts = START + timedelta(days=day, minutes=5)
    shared = {"line": 0, "ts": ts, "user_id": who, "quantity": 1.0}
    return shared | {"event_id": number, "event": kind, "item_id": item, "query_id": query_id}


@pytest.fixture
def clicks(store, derived, log):
    def make(answers, events, until=None):
        schema = ASSETS["answers"].schema
        store.commit("answers", pa.Table.from_pylist(answers, schema=schema))
        rows = derived("search_clicks", log, until=until, events=events)
        return {
            (row["query"], row["item_id"], row["position"]): (
                row["shown"],
                row["clicked"],
                row["carted"],
                row["bought"],
            )
            for row in rows
        }

    return make


def test_answers_meet_what_came_of_them(clicks) -> None:
    found = clicks(
        [
            answer("q1", "abc"),
            answer("q2", "bac"),
            answer("q3", "abc"),  # nobody did anything: perhaps nobody looked
            answer("q4", "ab", first=DEEPEST),
            answer("q5", "ab", filters=['brand:"X"']),
            answer("q6", "ab", sort="price:asc"),
            answer("q7", "ab", q="  "),
            answer("q8", "ab", kind="shelf"),
        ],
        [
            event("q1", "b", "select_item"),
            event("q1", "b", "select_item", who="v"),  # again: still one click of one answer
            event("q1", "b", "purchase"),
            event("q2", "b", "add_to_cart"),
            event("q2", "z", "select_item"),  # was not shown
            event("q2", "c", "view_item"),  # no action on the list
            *(event(f"q{n}", "a", "select_item") for n in range(4, 9)),
        ],
    )
    assert found == {
        ("red shoes", "a", 1): (1, 0, 0, 0),
        ("red shoes", "b", 2): (1, 1, 0, 1),
        ("red shoes", "c", 3): (2, 0, 0, 0),
        ("red shoes", "b", 1): (1, 0, 1, 0),
        ("red shoes", "a", 2): (1, 0, 0, 0),
        ("red shoes", "a", DEEPEST): (1, 1, 0, 0),
    }


def test_nothing_is_known_of_answers_or_clicks_after_until(clicks) -> None:
    answers = [answer("q1", "ab"), answer("q2", "ab", day=2), answer("q3", "ab", day=0)]
    events = [
        event("q1", "a", "select_item"),
        event("q2", "a", "select_item", day=2),
        event("q3", "b", "purchase", day=2),
    ]
    early = clicks(answers, events, until=START + timedelta(days=1))
    assert early == {("red shoes", "a", 1): (1, 1, 0, 0), ("red shoes", "b", 2): (1, 0, 0, 0)}


def test_a_query_is_what_was_typed() -> None:
    assert plain_query('{"q": " Grüne\\tSCHUHE "}') == "grüne schuhe"
    assert plain_query('{"q": "x", "filters": ["a:1"]}') == ""
    assert plain_query("{}") == ""
