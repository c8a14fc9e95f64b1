"""Days of a shop, counted by hand."""

from datetime import UTC, date, datetime, timedelta

import orjson
import pyarrow as pa
import pytest

from mercato.core.settings import Settings
from mercato.data.assets import ASSETS
from mercato.data.derive import derive

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def line(hours, event, item=None, who="u1", **fields):
    number = f"{hours}{event}{item}{who}"
    shared = {"event_id": number, "line": 0, "ts": DAY + timedelta(hours=hours), "event": event}
    return shared | {"user_id": who, "item_id": item} | fields


def answer(hours, number, kind="search", q="mug", items="ab", first=1):
    return {
        "query_id": number,
        "ts": DAY + timedelta(hours=hours),
        "kind": kind,
        "request": orjson.dumps({"q": q, "page": 1}).decode(),
        "item_ids": list(items),
        "positions": list(range(first, first + len(items))),
    }


@pytest.fixture
def days(store):
    def make(events, answers=()):
        schema = {name: ASSETS[name].schema for name in ("events", "answers")}
        store.commit("events", pa.Table.from_pylist(list(events), schema["events"]))
        store.commit("answers", pa.Table.from_pylist(list(answers), schema["answers"]))
        table = derive(store, ["daily_activity"], settings=Settings())["daily_activity"]
        return {row.pop("day"): row for row in table.to_pylist()}

    return make


def test_a_day_is_what_was_asked_clicked_and_paid(days):
    found = days(
        [
            line(1, "select_item", "a", query_id="s1"),
            line(2, "add_to_cart", "a", query_id="s1"),
            line(3, "purchase", "a", price=4.0, quantity=2.0),  # came from the search s1
            line(3.1, "purchase", "b", price=5.0),  # came from nowhere that is known
            line(4, "select_item", "c", who="u2", query_id="h1"),
            line(5, "purchase", "c", who="u2", price=7.0),  # came from the shelf h1
            line(6, "search", who="u2", search_term="lamp"),
        ],
        [
            answer(1, "s1"),
            answer(1.5, "s2", first=25),  # the second page of the same search
            answer(1.6, "s3", items=""),
            answer(1.7, "s4", q=""),  # a category that is browsed
            answer(4, "h1", kind="shelf"),
        ],
    )
    assert found == {
        DAY.date(): {
            "searches": 3,  # s1, s3 and the one that was told as an event alone
            "empty_searches": 1,
            "clicked_searches": 1,
            "shelves": 1,
            "search_clicks": 1,
            "shelf_clicks": 1,
            "carts": 1,
            "orders": 3,
            "shoppers": 2,
            "revenue": 2 * 4.0 + 5.0 + 7.0,
            "search_revenue": 2 * 4.0,
            "shelf_revenue": 7.0,
        }
    }


def test_the_last_answer_is_credited_for_a_week(days):
    found = days(
        [
            line(0, "select_item", "a", query_id="s1"),
            line(1, "select_item", "a", query_id="h1"),
            line(1 + 24 * 6, "purchase", "a", price=1.0),
            line(2 + 24 * 7, "purchase", "a", price=1.0),
            line(3, "purchase", "a", who="u2", price=9.0),
        ],
        [answer(0, "s1"), answer(0.5, "h1", kind="shelf")],
    )
    assert found[date(2026, 3, 7)]["shelf_revenue"] == 1.0
    assert found[date(2026, 3, 8)]["shelf_revenue"] == 0.0
    assert sum(each["search_revenue"] for each in found.values()) == 0.0
