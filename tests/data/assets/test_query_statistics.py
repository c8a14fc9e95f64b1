"""What is searched for, counted shopper by shopper and visit by visit."""

import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pyarrow as pa
import pytest

from mercato.data.assets import ASSETS

START = datetime(2026, 1, 1, tzinfo=UTC)
Row = dict[str, Any]


def event(minute: float, kind: str, who: str, term: str | None = None, **fields: Any) -> Row:
    shared = {"line": 0, "ts": START + timedelta(minutes=minute), "event": kind}
    shopper = {"visitor_id": who} if who.startswith("v") else {"user_id": who or None}
    number = f"{minute}{kind}{who}{term}"
    return shared | shopper | {"event_id": number, "search_term": term, **fields}


def answer(minute: float, q: str, who: str, items: str = "ab", **asked: Any) -> Row:
    guest = who.startswith("v")
    request = {"q": q, "filters": [], "page": 1, "visitor_id": who if guest else None} | asked
    return {
        "query_id": f"q{minute}{q}{who}",
        "ts": START + timedelta(minutes=minute),
        "kind": "search",
        "request": orjson.dumps(request).decode(),
        "user_id": None if guest else who or None,
        "item_ids": list(items),
    }


@pytest.fixture
def statistics(store, derived, log):
    def make(events: list[Row], answers: list[Row] = (), until: datetime | None = None):
        schema = ASSETS["answers"].schema
        store.commit("answers", pa.Table.from_pylist(list(answers), schema=schema))
        rows = derived("query_statistics", log, until=until, events=events)
        return {row["query"]: row for row in rows}

    return make


def test_spellings_are_one_programs_are_none_and_answers_tell_what_was_not_found(
    statistics,
) -> None:
    agent = orjson.dumps({"user_agent": "Googlebot/2.1"}).decode()
    found = statistics(
        [
            event(0, "search", "u1", "Möbel"),
            event(1, "search", "u2", "  möbel "),
            event(2, "view_search_results", "v3", "MOBEL"),
            event(3, "search", "v3", "ｉｐｈｏｎｅ"),
            event(0, "search", "v9", "möbel", attributes=agent),
            event(9, "search", "v9", "spam"),
        ],
        [
            answer(1000, "unicorn", "u1", ""),
            answer(1001, "Unicorn", "u2", ""),
            answer(1002, "rug", "u1", ""),
            answer(1003, "rug", "u2"),
            answer(1004, "lamp", "u1", "", filters=["price:1..2"]),  # the filter found nothing
        ],
    )
    shown = {query: (row["text"], row["shoppers"]) for query, row in found.items()}
    assert shown == {
        "mobel": ("möbel", 3),
        "iphone": ("iphone", 1),
        "unicorn": ("unicorn", 2),
        "rug": ("rug", 2),
        "lamp": ("lamp", 1),
    }
    shares = {query: row["zero_share"] for query, row in found.items()}
    assert shares == {"unicorn": 1.0, "rug": 0.5, "lamp": 0.0, "mobel": None, "iphone": None}


def test_what_followed_before_the_next_search_is_its_success(statistics) -> None:
    found = statistics(
        [
            event(0, "search", "u1", "lamp"),
            event(1, "select_item", "u1", item_id="a"),
            event(2, "search", "u1", "rug"),
            event(3, "purchase", "u1", item_id="a"),
            event(200, "purchase", "u1", item_id="b"),  # another visit
            event(0, "search", "u2", "lamp"),
            event(1, "select_item", "u3", item_id="a"),  # somebody else
        ]
    )
    lamp, rug = found["lamp"], found["rug"]
    assert (lamp["shoppers"], lamp["searches"], lamp["clicks"], lamp["purchases"]) == (2, 2, 1, 0)
    assert (rug["searches"], rug["clicks"], rug["purchases"]) == (1, 1, 1)


def test_a_search_counts_once_a_visit_also_where_it_is_logged_twice(statistics) -> None:
    found = statistics(
        [
            event(0, "view_search_results", "v1", "lamp"),
            event(5, "search", "v1", "Lamp"),
            event(300, "search", "v1", "lamp"),
            event(0, "search", "", "lamp"),  # nobody
        ],
        [answer(0.1, "lamp", "v1"), answer(1, "lamp", "v1", page=2), answer(2, "rug", "u2")],
    )
    assert (found["lamp"]["shoppers"], found["lamp"]["searches"]) == (1, 2)
    assert (found["rug"]["shoppers"], found["rug"]["searches"]) == (1, 1)


def test_recent_searches_halve_in_thirty_days(statistics) -> None:
    day = 24 * 60
    found = statistics(
        [
            event(0, "search", "u1", "lamp"),
            event(30 * day, "search", "u2", "lamp"),
            event(60 * day, "search", "u3", "rug"),
        ]
    )
    assert found["lamp"]["recent_searches"] == pytest.approx(0.25 + 0.5)
    assert found["lamp"]["last_ts"] == START + timedelta(days=30)


def test_nothing_at_or_after_until_is_used(statistics) -> None:
    events = [event(0, "search", "u1", "lamp"), event(10, "search", "u2", "lamp")]
    answers = [answer(1, "rug", "u1"), answer(11, "rug", "u2"), answer(12, "sofa", "u2")]
    found = statistics(events, answers, until=START + timedelta(minutes=10))
    assert {query: row["shoppers"] for query, row in found.items()} == {"lamp": 1, "rug": 1}


def random_log(shoppers: tuple[str, ...]) -> list[Row]:
    chance = random.Random(3)
    events = []
    for who in shoppers:
        minute = 0.0
        for _ in range(60):
            minute += chance.choice([1, 5, 20, 31, 400])
            kind = chance.choice(["search", "search", "view_item", "purchase"])
            term = chance.choice(["Lamp", "lamp", "rug", "sofa"]) if kind == "search" else None
            item = None if kind == "search" else "a"
            events.append(event(minute, kind, who, term, item_id=item, session_id=None))
    return events


def visits_of(rows: list[Row]) -> list[list[Row]]:
    visits: list[list[Row]] = []
    for row in rows:
        if not visits or row["ts"] - visits[-1][-1]["ts"] > timedelta(minutes=30):
            visits.append([])
        visits[-1].append(row)
    return visits


def outcome_of(visit: list[Row]) -> dict[str, list[Any]]:
    """Query → when it was last searched for, whether it led to a click and to a purchase."""
    outcome: dict[str, list[Any]] = {}
    query = ""
    for row in visit:
        if row["event"] == "search":
            query = row["search_term"].lower()
            outcome.setdefault(query, [row["ts"], False, False])[0] = row["ts"]
        elif query:
            outcome[query][1] = True
            outcome[query][2] |= row["event"] == "purchase"
    return outcome


def test_a_random_log_counts_as_one_by_hand(statistics) -> None:
    shoppers = ("u1", "u2", "u3", "v4")
    events = random_log(shoppers)
    newest = max(row["ts"] for row in events if row["event"] == "search")
    sums: dict[str, list[float]] = {}
    who_asked: dict[str, set[str]] = {}
    for who in shoppers:
        mine = [row for row in events if who in (row.get("user_id"), row.get("visitor_id"))]
        for visit in visits_of(mine):
            for query, (ts, clicked, bought) in outcome_of(visit).items():
                weight = math.exp2(-((newest - ts) / timedelta(days=1)) / 30)
                old = sums.setdefault(query, [0, 0, 0, 0])
                new = (1, weight, clicked, bought)
                sums[query] = [a + b for a, b in zip(old, new, strict=True)]
                who_asked.setdefault(query, set()).add(who)
    found = statistics(events)
    assert set(found) == set(sums)
    names = ("searches", "recent_searches", "clicks", "purchases")
    for query, expected in sums.items():
        assert [found[query][name] for name in names] == pytest.approx(expected)
        assert found[query]["shoppers"] == len(who_asked[query])
