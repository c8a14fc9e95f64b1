"""Cohorts and the funnel of a day: by hand on a few lines, and row by row on random ones."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from mercato.core.settings import Settings
from mercato.data.assets import ASSETS
from mercato.data.assets.daily_funnel import STEPS
from mercato.data.derive import derive

START = datetime(2025, 12, 30, 23, 50, tzinfo=UTC)  # near the ends of a day, a month and a year


def line(number, who, ts, event, price=1.0):
    shared = {"event_id": f"e{number}", "line": 0, "ts": ts, "event": event, "item_id": "a"}
    return shared | {"user_id": who, "price": price}


@pytest.fixture
def made(store):
    def make(lines):
        schema = ASSETS["events"].schema
        store.commit("events", pa.Table.from_pylist(lines, schema))
        tables = derive(store, ["cohorts", "daily_funnel"], settings=Settings())
        return {name: table.to_pylist() for name, table in tables.items()}

    return make


def test_by_hand(made):
    def at(*day):
        return datetime(*day, 12, tzinfo=UTC)

    lines = [
        line(1, "ana", at(2025, 12, 30), "purchase", 4.0),
        line(2, "ana", at(2026, 2, 1), "purchase", 6.0),
        line(3, "bo", at(2025, 12, 31), "purchase", 5.0),
        line(4, "bo", at(2025, 12, 31), "view_item"),
        line(5, "eve", at(2025, 12, 31), "view_item"),
        line(6, "eve", at(2025, 12, 31), "search"),
        line(7, None, at(2025, 12, 31), "purchase"),  # nobody's
    ]
    found = made(lines)
    december = date(2025, 12, 1)
    assert found["cohorts"] == [
        {"cohort": december, "months": 0, "shoppers": 2, "orders": 2, "revenue": 9.0},
        {"cohort": december, "months": 2, "shoppers": 1, "orders": 1, "revenue": 6.0},
    ]
    # On the 31st eve looked and bo bought, who so has looked and filled a basket too.
    assert [tuple(row.values()) for row in found["daily_funnel"]] == [
        (date(2025, 12, 30), 1, 1, 1, 1),
        (date(2025, 12, 31), 2, 2, 1, 1),
        (date(2026, 2, 1), 1, 1, 1, 1),
    ]


def test_a_random_log_is_counted_as_row_by_row(made):
    chance = random.Random(7)
    kinds = ("view_item_list", "view_item", "select_item", "add_to_cart", "purchase")
    lines = [
        line(
            number,
            f"u{chance.randrange(9)}",
            START + timedelta(minutes=chance.randrange(200 * 24 * 60)),
            chance.choice(kinds),
            float(chance.randrange(9)),
        )
        for number in range(400)
    ]
    found = made(lines)
    months, days = defaultdict(lambda: defaultdict(list)), defaultdict(lambda: defaultdict(int))
    for each in lines:
        who, ts = each["user_id"], each["ts"]
        far = max(1, ("view_item", "add_to_cart", "purchase").index(each["event"]) + 2
                  if each["event"] in ("view_item", "add_to_cart", "purchase")
                  else 2 if each["event"] == "select_item" else 1)  # fmt: skip
        days[ts.date()][who] = max(days[ts.date()][who], far)
        if each["event"] == "purchase":
            months[who][ts.year * 12 + ts.month - 1].append(each["price"])
    cohorts = defaultdict(lambda: [0, 0, 0.0])
    for bought in months.values():
        first = min(bought)
        for month, prices in bought.items():
            cell = cohorts[date(first // 12, first % 12 + 1, 1), month - first]
            cell[:] = cell[0] + 1, cell[1] + len(prices), cell[2] + sum(prices)
    assert {
        (row["cohort"], row["months"]): [row["shoppers"], row["orders"], row["revenue"]]
        for row in found["cohorts"]
    } == cohorts
    assert {row["day"]: [row[step] for step in STEPS] for row in found["daily_funnel"]} == {
        day: [sum(far >= at for far in of.values()) for at in (1, 2, 3, 4)]
        for day, of in days.items()
    }
