"""What shoppers did in four weeks, and how much they differ, by hand."""

from datetime import UTC, datetime, timedelta

import orjson
import pyarrow as pa
import pytest

from mercato.core.outcomes import Outcome
from mercato.core.programs import BOT, mark
from mercato.core.settings import Settings
from mercato.data.assets import ASSETS
from mercato.data.derive import derive

NEWEST = datetime(2026, 3, 29, 12, tzinfo=UTC)


def line(days, event, user=None, visitor=None, **fields):
    """days : before the newest event"""
    number = f"{days}{event}{user}{visitor}"
    shared = {"event_id": number, "line": 0, "ts": NEWEST - timedelta(days=days), "event": event}
    return shared | {"user_id": user, "visitor_id": visitor, "item_id": "a"} | fields


def answer(days, number, visitor, kind="search", items="ab"):
    return {
        "query_id": number,
        "ts": NEWEST - timedelta(days=days),
        "kind": kind,
        "request": orjson.dumps({"q": 'a "mug"', "visitor_id": visitor, "page": 1}).decode(),
        "item_ids": list(items),
        "positions": list(range(1, 1 + len(items))),
    }


@pytest.fixture
def made(store):
    def make(events, answers=()):
        for name, rows in (("events", events), ("answers", answers)):
            store.commit(name, pa.Table.from_pylist(list(rows), ASSETS[name].schema))
        table = derive(store, ["outcome_baselines"], settings=Settings())["outcome_baselines"]
        return {row.pop("outcome"): tuple(row.values()) for row in table.to_pylist()}

    return make


def test_by_hand(made):
    found = made(
        [
            line(0, "view_item", "bo"),
            line(5, "select_item", "ana", query_id="s1"),
            line(5, "purchase", "ana", price=5.0, quantity=2.0),
            line(6, "add_to_cart", visitor='"v', query_id=None),
            line(28, "purchase", "eve", price=2.0),  # just within
            line(28.001, "purchase", "bo", price=400.0),
            line(29, "purchase", "old", price=9.0),
            line(3, "purchase", "robot", price=99.0, attributes="{%s}" % mark(BOT)),  # noqa: UP031
        ],
        [
            answer(5.1, "s1", "ana"),
            answer(4, "h1", "ana", kind="shelf"),
            answer(3, "s2", "bo", items=""),
            answer(40, "s3", "old"),
        ],
    )
    assert set(found) == set(Outcome)
    # Of ana, bo, eve and the visitor. Bought: 1, 0, 1, 0; paid: 10, 0, 2, 0, 3 in the mean.
    assert found["conversion"] == pytest.approx((4, 0.5, 1, 1 / 3, 0, 0))
    assert found["revenue"] == pytest.approx((4, 3, 1, (49 + 9 + 1 + 9) / 3, 0, 0))
    assert found["add-to-cart"] == pytest.approx((4, 0.25, 1, 0.25, 0, 0))
    # Clicked answers 1, 0, 0, 0 of 2, 1, 0, 0.
    squares = 1.25**2 + 0.25**2 + 2 * 0.75**2
    products = 0.75 * 1.25 - 0.25 * 0.25 + 2 * 0.25 * 0.75
    clicks = (4, 0.25, 0.75, 0.25, squares / 3, products / 3)
    assert found["click-rate"] == pytest.approx(clicks)
    # Searches 1, 1, 0, 0; bo's found nothing, and nobody clicked it.
    empty = (4, 0.25, 0.5, 0.25, 1 / 3, (0.75 * 0.5 - 0.25 * 0.5 + 2 * 0.25 * 0.5) / 3)
    assert found["empty-searches"] == found["searches-without-click"] == pytest.approx(empty)


def test_a_single_shopper_does_not_differ(made):
    assert made([line(0, "purchase", "ana", price=5.0)])["revenue"] == (1, 5.0, 1.0, 0.0, 0.0, 0.0)


def test_without_a_log_there_are_no_shoppers(made):
    assert set(made([]).values()) == {(0, 0.0, 0.0, 0.0, 0.0, 0.0)}
