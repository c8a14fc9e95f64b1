"""Events leave as they came: once each, in GA4's shape, fit to be read again."""

import json
from datetime import UTC, datetime

import pytest

from mercato.core.events import EventRow
from mercato.core.settings import Settings
from mercato.data.access import Mask
from mercato.data.event_export import exported_events
from mercato.data.importing import import_events
from mercato.data.store import AssetStore

SEARCH = {
    "event_id": "s1",
    "ts": "2026-05-01T10:00:00Z",
    "event": "search",
    "visitor_id": "v",
    "search_term": "thé",
    "items": [],
}
ORDER = {
    "event_id": "o1",
    "ts": "2026-05-01T10:05:00.000250Z",
    "event": "purchase",
    "user_id": "ana",
    "currency": "EUR",
    "transaction_id": "t1",
    "attributes": {"gift": "yes"},
    "items": [
        {"item_id": "tea", "quantity": 2.0, "price": 3.5},
        {"item_id": "pot", "quantity": 1.0, "price": 20.0, "attributes": {"engraved": "A"}},
    ],
}
VIEW = {
    "event_id": "w1",
    "ts": "2026-05-02T09:00:00Z",
    "event": "view_item",
    "user_id": "bo",
    "currency": "EUR",
    "items": [{"item_id": "pot", "position": 3}],
}


@pytest.fixture
def store(tmp_path):
    return AssetStore(tmp_path / "assets")


def bring_in(store, tmp_path, *events):
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    import_events(store, [path], settings=Settings())


def row(event_id, ts, **columns):
    moment = round(datetime.fromisoformat(ts).timestamp() * 1_000_000)
    return EventRow(event_id, columns.pop("line", 0), moment, **columns)


def test_what_was_imported_comes_out_again_by_time(store, tmp_path):
    bring_in(store, tmp_path, VIEW, ORDER, SEARCH)
    found = list(exported_events(store, []))
    assert [event["event_id"] for event in found] == ["s1", "o1", "w1"]
    assert found[0] == SEARCH
    assert found[2] == VIEW


def test_items_that_differ_keep_their_own_attributes(store, tmp_path):
    bring_in(store, tmp_path, ORDER)
    (found,) = exported_events(store, [])
    assert [item["attributes"] for item in found["items"]] == [
        {"gift": "yes"},
        {"engraved": "A", "gift": "yes"},
    ]
    assert "attributes" not in found


def test_read_again_it_is_the_same(store, tmp_path):
    bring_in(store, tmp_path, SEARCH, ORDER, VIEW)
    once = list(exported_events(store, []))
    (tmp_path / "again").mkdir()
    other = AssetStore(tmp_path / "again" / "assets")
    bring_in(other, tmp_path / "again", *once)
    assert list(exported_events(other, [])) == once


def test_what_waits_is_there_and_what_was_drained_meanwhile_counts_once(store, tmp_path):
    bring_in(store, tmp_path, VIEW)
    waiting = [
        row("w1", "2026-05-02T09:00:00Z", event="view_item", user_id="bo", item_id="pot"),
        row("x1", "2026-05-03T09:00:00Z", event="view_item", user_id="bo", item_id="tea"),
    ]
    found = list(exported_events(store, waiting))
    assert [event["event_id"] for event in found] == ["w1", "x1"]
    assert found[1]["items"] == [{"item_id": "tea"}]


def test_events_of_one_user_since_a_moment(store, tmp_path):
    bring_in(store, tmp_path, SEARCH, ORDER, VIEW)
    assert [e["event_id"] for e in exported_events(store, [], user_id="ana")] == ["o1"]
    since = datetime(2026, 5, 2, 9, tzinfo=UTC)
    assert [e["event_id"] for e in exported_events(store, [], since=since)] == ["w1"]


def test_a_shop_without_events_has_none(store):
    assert list(exported_events(store, [])) == []


def test_masked_events_stay_events_of_nobody(store, tmp_path):
    mask = Mask(b"key")
    bring_in(store, tmp_path, SEARCH, ORDER, VIEW)
    search, order, view = exported_events(store, [], mask=mask)
    assert "ana" not in str((search, order, view))
    assert search["visitor_id"] == mask.pseudonym("v")
    assert "search_term" not in search
    assert order["user_id"] == mask.pseudonym("ana")
    assert [item["item_id"] for item in order["items"]] == ["tea", "pot"]
    assert "attributes" not in order
    assert view["items"] == VIEW["items"]
    (only,) = exported_events(store, [], mask=mask, user_id="bo")
    assert only == view
