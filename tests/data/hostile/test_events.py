"""Logs, and judgments, as they should not be."""

import json

import pytest

from mercato.core.errors import BadInput


def log(column, value):
    """A good line of a plain log, and one whose ``column`` has ``value``."""
    good = {"event_id": "good", "line": "0", "ts": "2026-05-01T12:00:00Z", "event": "view_item"}
    other = {column: ""} | good | {"event_id": "other", column: value}
    names = list(other)

    def build(k):
        rows = [[*names], [good.get(name, "") for name in names], [*other.values()]]
        at = names.index("event_id")
        for row in rows[1:]:
            row[at] = row[at] and k + row[at]
        quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
        return "\n".join(quoted).encode()

    return build


def ga4(**changes):
    """Two good events in GA4's shape, and one with ``changes``."""

    def build(k):
        events = [
            {
                "event_id": f"{k}{n}",
                "event_name": "purchase",
                "timestamp_micros": 1_777_636_800_000_000,
                "client_id": "c",
                "items": [{"item_id": "a", "quantity": 1, "price": 2.5}],
            }
            for n in range(3)
        ]
        events[-1] |= changes
        return "\n".join(map(json.dumps, events)).encode()

    return build


PLAIN = {
    "as it should be": (log("user_id", "u"), 2, ()),
    "no time": (log("ts", ""), 1, ("ts-required",)),
    "time in words": (log("ts", "yesterday"), 1, ("ts-readable",)),
    "hour 25": (log("ts", "2026-05-01T25:00:00Z"), 1, ("ts-readable",)),
    "leap second": (log("ts", "2016-12-31T23:59:60Z"), 1, ("ts-readable",)),
    "epoch in milliseconds": (log("ts", "1777636800000"), 2, ()),
    "epoch in nanoseconds": (log("ts", "1777636800000000000"), 2, ()),
    "time with a zone": (log("ts", "2026-05-01T12:00:00+05:30"), 2, ()),
    "time with nine digits": (log("ts", "2026-05-01T12:00:00.123456789Z"), 2, ()),
    "time as a formula": (log("ts", "=NOW()"), 1, ("ts-readable",)),
    "no event": (log("event", ""), 1, ("event-required",)),
    "unknown event": (log("event", "page_scrolled"), 1, ("event-accepted",)),
    "event in capitals": (log("event", "Add To Cart"), 2, ()),
    "no event id": (log("event_id", ""), 2, ()),
    "too long an event id": (log("event_id", "e" * 600), 1, ("event_id-length",)),
    "too long a user id": (log("user_id", "e" * 600), 1, ("user_id-length",)),
    "line as a fraction": (log("line", "0.5"), 1, ("line-readable",)),
    "negative line": (log("line", "-1"), 1, ("line-not-negative",)),
    "line beyond 32 bits": (log("line", "4294967296"), 1, ("line-readable",)),
    "negative quantity": (log("quantity", "-2"), 1, ("quantity-not-negative",)),
    "quantity in words": (log("quantity", "two"), 1, ("quantity-readable",)),
    "quantity without end": (log("quantity", "inf"), 1, ("quantity-readable",)),
    "negative price": (log("price", "-2"), 1, ("price-not-negative",)),
    "price in words": (log("price", "free"), 1, ("price-readable",)),
    "negative value": (log("value", "-2"), 2, ()),
    "negative position": (log("position", "-2"), 1, ("position-not-negative",)),
    "unknown currency": (log("currency", "QQQ"), 1, ("currency-accepted",)),
    "attributes that are no json": (log("attributes", "{"), 1, ("attributes-readable",)),
    "path as an item": (log("item_id", "../../etc/passwd"), 2, ()),
    "script as a search": (log("search_term", "<script>alert(1)</script>"), 2, ()),
    "no column of an event": (
        lambda k: b"ts,user_id\n2026-05-01,u\n",
        BadInput,
        "columns ts, event",
    ),
    "items for events": (lambda k: b"id,title\n1,x\n", BadInput, "columns ts, event"),
}

GA4 = {
    "as it should be": (ga4(), 3, ()),
    "unknown event": (ga4(event_name="scroll_to"), 2, ("event-accepted",)),
    "a page's view": (ga4(event_name="page_view"), 2, ()),  # left out, and counted as such
    "no name": (ga4(event_name=None), 2, ("event-required",)),
    "items that are no list": (ga4(items="a"), 2, ("items-list",)),
    "items that are no objects": (ga4(items=["a"]), 2, ("items-list",)),
    "no items": (ga4(items=[]), 3, ()),
    "parameters that are no object": (ga4(event_params="x"), 2, ("params-object",)),
    "parameters that are half": (ga4(event_params=[{"key": "a"}]), 2, ("params-object",)),
    "time in words": (ga4(timestamp_micros="soon"), 2, ("ts-readable",)),
    "time as truth": (ga4(timestamp_micros=True), 2, ("ts-readable",)),
    "price in words": (ga4(items=[{"item_id": "a", "price": "free"}]), 2, ("price-readable",)),
    "negative price": (ga4(items=[{"item_id": "a", "price": -1}]), 2, ("price-not-negative",)),
    "nested deep": (ga4(x=json.loads("[" * 90 + "]" * 90)), 3, ()),
    "nested without end": (
        lambda k: ga4()(k) + b"\n" + b"[" * 5_000 + b"]" * 5_000,
        3,
        ("row-json",),
    ),
    "list as an id": (ga4(event_id=["x"]), 3, ()),
    "zero sign": (ga4(user_id="\0"), 2, ("text-nul",)),
    "ten thousand items": (ga4(items=[{"item_id": str(n)} for n in range(10_000)]), 10_002, ()),
}

JUDGED = {
    "as it should be": (lambda k: f"query,item_id,grade\n{k},a,1\n".encode(), 1, ()),
    "no query": (
        lambda k: f"query,item_id,grade\n{k},a,1\n,b,1\n".encode(),
        1,
        ("query-required",),
    ),
    "no item": (
        lambda k: f"query,item_id,grade\n{k},a,1\nx,,1\n".encode(),
        1,
        ("item_id-required",),
    ),
    "no grade": (
        lambda k: f"query,item_id,grade\n{k},a,1\n{k},b,\n".encode(),
        1,
        ("grade-required",),
    ),
    "grade in words": (
        lambda k: f"query,item_id,grade\n{k},a,1\n{k},b,good\n".encode(),
        1,
        ("grade-readable",),
    ),
    "negative grade": (
        lambda k: f"query,item_id,grade\n{k},a,1\n{k},b,-1\n".encode(),
        1,
        ("grade-not-negative",),
    ),
    "two grades": (
        lambda k: f"query,item_id,grade\n{k},a,1\n{k},a,2\n".encode(),
        1,
        ("query-item_id-unique",),
    ),
}


def rows(kinds):
    return [name for name, kind in kinds.items() if isinstance(kind[1], int)]


@pytest.fixture(scope="module")
def log_outcomes(hostile_rows):
    return hostile_rows("events", "csv", PLAIN)


@pytest.fixture(scope="module")
def ga4_outcomes(hostile_rows):
    return hostile_rows("events", "jsonl", GA4)


@pytest.fixture(scope="module")
def judged_outcomes(hostile_rows):
    return hostile_rows("judgments", "csv", JUDGED)


@pytest.mark.parametrize("name", rows(PLAIN))
def test_plain_logs(log_outcomes, name):
    assert log_outcomes[name] == PLAIN[name][1:]


@pytest.mark.parametrize("name", [name for name in PLAIN if name not in rows(PLAIN)])
def test_refused_whole(refused_whole, name):
    refused_whole("events", "csv", PLAIN[name])


@pytest.mark.parametrize("name", GA4)
def test_ga4_logs(ga4_outcomes, name):
    assert ga4_outcomes[name] == GA4[name][1:]


@pytest.mark.parametrize("name", JUDGED)
def test_judgments(judged_outcomes, name):
    assert judged_outcomes[name] == JUDGED[name][1:]
