from datetime import datetime
from typing import Any


def searched(log: Any, shopper: Any) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(log.events, key=lambda each: (each["ts"], each["event_id"])):
        if (who := shopper(row)) and row["event"] == "search":
            said = {"ts": row["ts"], "search_term": row["search_term"], "channel": None}
            found.setdefault(who, []).append(said)
    return found


def test_they_are_what_each_shopper_searched_for_in_order(derived, log, shopper_of) -> None:
    expected = searched(log, shopper_of(log.events))
    rows = derived("search_histories", log)
    assert {row["shopper_id"]: row["searches"] for row in rows} == expected
    assert any(who.startswith("visitor:guest") for who in expected)
    assert [row["shopper_id"] for row in rows] == sorted(expected)


def test_none_is_of_a_later_moment(derived, log, shopper_of) -> None:
    events = sorted(log.events, key=lambda row: row["ts"])
    until: datetime = events[len(events) // 2]["ts"]
    rows = derived("search_histories", log, until=until)
    moments = [each["ts"] for row in rows for each in row["searches"]]
    assert moments
    assert max(moments) < until
    assert len(moments) < sum(map(len, searched(log, shopper_of(log.events)).values()))


def test_an_event_says_one_search_however_many_lines_it_has(derived, log) -> None:
    """What it lists is no search of its own; a search without words is none."""
    ts = log.events[0]["ts"]
    shared = {"ts": ts, "user_id": "ana", "search_term": "oat milk", "channel": "app"}
    event = shared | {"event_id": "e1", "event": "view_search_results"}
    events = [
        event | {"line": 0, "item_id": "i01"},
        event | {"line": 1, "item_id": "i02"},
        shared | {"event_id": "e2", "line": 0, "event": "search", "search_term": None},
        shared | {"event_id": "e3", "line": 0, "event": "view_item", "item_id": "i01"},
    ]
    (row,) = derived("search_histories", log, events=events)
    assert row["searches"] == [{"ts": ts, "search_term": "oat milk", "channel": "app"}]
