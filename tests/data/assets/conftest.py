"""A small random shop, with everything that logs of real shops have: guests, visitors that log
in, events without items, lines without quantities, transactions and visits."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from mercato.core.settings import Settings
from mercato.data.assets import ASSETS
from mercato.data.derive import derive
from mercato.data.store import AssetStore

Row = dict[str, Any]

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Log:
    """The rows of a shop, as they stand in its assets."""

    items: list[Row]
    events: list[Row]


@pytest.fixture(scope="module")
def log() -> Log:
    chance = random.Random(11)
    categories = ["Food > Milk > Oat", "Food > Bread", "Food", "Tools > Saws", None]
    items = [
        {
            "id": f"i{n:02}",
            "title": f"Item {n}",
            "product_type": categories[n % 5],
            "price": None if n % 11 == 0 else float(1 + n % 9),
            "sale_price": 0.5 if n % 7 == 3 else None,
        }
        for n in range(40)
    ]
    events = [row for number in range(700) for row in _event(chance, number)]
    return Log(items, events)


def _event(chance: random.Random, number: int) -> list[Row]:
    kind = chance.choice(
        ["view_item_list", "view_item_list", "select_item", "view_item", "view_item"]
        + ["add_to_cart", "purchase", "purchase", "refund", "search", "dismiss"]
    )
    who = chance.random()
    user = f"u{chance.randrange(8)}" if who < 0.6 else None
    visitor = f"v{chance.randrange(6)}" if 0.4 < who < 0.8 else None
    if 0.8 < who < 0.95:
        visitor = f"guest{chance.randrange(3)}"
    shared = {
        "event_id": f"e{number:04}",
        "ts": START + timedelta(minutes=chance.randrange(60 * 24 * 200)),
        "event": kind,
        "user_id": user,
        "visitor_id": visitor,
        "session_id": f"s{chance.randrange(5)}" if chance.random() < 0.2 else None,
        "transaction_id": f"t{number}" if kind == "purchase" and chance.random() < 0.5 else None,
    }
    if chance.random() < 0.3:  # close to another event of the same shopper, so that visits form
        shared["ts"] = START + timedelta(days=chance.randrange(4), minutes=chance.randrange(300))
    if kind == "search":
        return [shared | {"line": 0, "search_term": "milk"}]
    lines = chance.sample(range(45), chance.randrange(1, 5))  # five products are not in the feed
    return [
        shared
        | {
            "line": line,
            "item_id": f"i{item:02}",
            "quantity": chance.choice([None, 1.0, 2.0]),
            "price": chance.choice([None, 2.5]),
            "value": chance.choice([None, None, 7.0]),
        }
        for line, item in enumerate(lines)
    ]


Derived = Callable[..., list[Row]]


@pytest.fixture
def derived(store: AssetStore, settings: Settings) -> Derived:
    """Derive one asset from rows; its rows in the order of its keys."""

    def make(name: str, log: Log, until: datetime | None = None, **changes: list[Row]) -> list[Row]:
        rows = {"items": log.items, "events": log.events} | changes
        for asset in ("items", "events"):
            store.commit(asset, pa.Table.from_pylist(rows[asset], schema=ASSETS[asset].schema))
        table = derive(store, [name], until=until, settings=settings)[name]
        assert table.schema == ASSETS[name].schema
        found: list[Row] = table.to_pylist()
        return found

    return make


@pytest.fixture(scope="module")
def shopper_of() -> Callable[[list[Row]], Callable[[Row], str | None]]:
    """Of a log, who each row is of, worked out row by row."""

    def make(events: list[Row]) -> Callable[[Row], str | None]:
        last: dict[str, str] = {}
        for row in sorted(events, key=lambda r: (r["ts"], r["event_id"], r["line"])):
            if row.get("user_id") and row.get("visitor_id"):
                last[row["visitor_id"]] = row["user_id"]

        def shopper(row: Row) -> str | None:
            if row.get("user_id"):
                return str(row["user_id"])
            visitor = row.get("visitor_id")
            return last.get(visitor, f"visitor:{visitor}") if visitor else None

        return shopper

    return make


@pytest.fixture(scope="module")
def visit_of(shopper_of) -> Callable[[list[Row]], Callable[[Row], str | None]]:
    """Of a log, the visit of each row, worked out shopper by shopper, event by event."""

    def make(events: list[Row]) -> Callable[[Row], str | None]:
        shopper = shopper_of(events)
        visits: dict[tuple[str, str], str] = {}
        starts: dict[str, dict[str, datetime]] = {}
        for row in events:
            who = shopper(row)
            if who and not row.get("session_id"):
                starts.setdefault(who, {})[row["event_id"]] = row["ts"]
        for who, times in starts.items():
            before = None
            name = ""
            for event, ts in sorted(times.items(), key=lambda each: (each[1], each[0])):
                if before is None or ts - before > timedelta(minutes=30):
                    name = f"{who}@{int(ts.timestamp())}"
                visits[who, event] = name
                before = ts

        def visit(row: Row) -> str | None:
            who = shopper(row)
            if who is None:
                return None
            return row.get("session_id") or visits[who, row["event_id"]]

        return visit

    return make
