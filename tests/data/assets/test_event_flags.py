"""Oddities of event lines, and what winsorising makes of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from mercato.core.errors import BadInput
from mercato.core.settings import CleaningSettings
from mercato.data.assets import ASSETS
from mercato.data.derive import derive

Row = dict[str, Any]
START = datetime(2026, 1, 1, tzinfo=UTC)


def bought(number: int, **more: Any) -> Row:
    return {
        "event_id": f"e{number}",
        "line": 0,
        "ts": START + timedelta(hours=number),
        "event": "purchase",
        "user_id": f"u{number % 3}",
        "item_id": "a",
        "quantity": 1.0,
        "price": 2.0,
    } | more


@pytest.fixture
def log(store):
    def commit(rows: list[Row]) -> None:
        items = pa.Table.from_pylist([{"id": "a", "title": "A"}], schema=ASSETS["items"].schema)
        store.commit("items", items)
        store.commit("events", pa.Table.from_pylist(rows, schema=ASSETS["events"].schema))

    return commit


@pytest.fixture
def flags(store, settings, log):
    def find(rows: list[Row]) -> dict[tuple[str, str], tuple[Any, Any]]:
        log(rows)
        found = derive(store, ["event_flags"], settings=settings)["event_flags"].to_pylist()
        return {(r["event_id"], r["flag"]): (r["value"], r["bound"]) for r in found}

    return find


def test_amounts_far_from_those_of_the_same_product(flags) -> None:
    rows = [bought(n) for n in range(20)] + [
        bought(20, price=200.0),
        bought(21, quantity=500.0),
        bought(22, quantity=12.0, price=1.0),
        bought(23, price=0.1),
        bought(24, price=0.0, quantity=0.0),
    ]
    assert flags(rows) == {
        ("e20", "price-outlier"): (200.0, pytest.approx(20.0)),
        ("e21", "quantity-outlier"): (500.0, pytest.approx(20.0)),
        ("e23", "price-outlier"): (0.1, pytest.approx(0.2)),
    }


def test_spread_prices_have_wider_bounds(flags) -> None:
    """log2 of the prices: 0, 2, 4, 6, 8 and one more. The median is 5, the deviations 5, 3, 1, 1, 3
    and a large one, so the MAD is 3, and the bound stands 3.5 · 1.4826 · 3 = 15.57 above 5."""
    rows = [bought(n, price=4.0**n) for n in range(5)]
    assert flags([*rows, bought(9, price=2.0**20)]) == {}
    bound = pytest.approx(2 ** (5 + 3.5 * 1.4826 * 3))
    assert flags([*rows, bought(9, price=2.0**21)]) == {("e9", "price-outlier"): (2.0**21, bound)}


def test_fewer_than_five_say_nothing(flags) -> None:
    assert flags([bought(0), bought(1), bought(2), bought(3, price=900.0)]) == {}


def test_times_and_products_that_cannot_be(flags) -> None:
    rows = [bought(n % 900, event_id=f"n{n}") for n in range(2_000)]
    now = datetime.now(UTC)
    odd = [
        bought(1, event_id="tomorrow", ts=now + timedelta(hours=20)),
        bought(1, event_id="next-year", ts=now + timedelta(days=400)),
        bought(1, event_id="epoch", ts=datetime(1970, 1, 1, tzinfo=UTC)),
        bought(1, event_id="lost", item_id="zz"),
        bought(1, event_id="search", item_id=None),
    ]
    found = flags(rows + odd)
    assert set(found) == {
        ("next-year", "in-the-future"),
        ("epoch", "before-the-shop"),
        ("lost", "unknown-item"),
    }
    assert found["epoch", "before-the-shop"] == (0, START.timestamp())


def test_a_word_for_outliers_that_nobody_knows(store, settings, log) -> None:
    log([bought(0)])
    how = replace(settings, cleaning=CleaningSettings(outliers="trim"))
    with pytest.raises(BadInput, match="cleaning.outliers as flag or winsorise; found 'trim'"):
        derive(store, ["item_statistics"], settings=how)


def test_winsorised_statistics_count_the_bound(store, settings, log) -> None:
    rows = [bought(n) for n in range(20)]
    rows += [bought(20, price=200.0, value=200.0), bought(21, quantity=400.0)]
    log(rows)
    how = replace(settings, cleaning=CleaningSettings(outliers="winsorise"))
    (flagged,) = derive(store, ["item_statistics"], settings=settings)[
        "item_statistics"
    ].to_pylist()
    (bounded,) = derive(store, ["item_statistics"], settings=how)["item_statistics"].to_pylist()
    assert (flagged["quantity"], flagged["revenue"]) == (421.0, 20 * 2 + 200 + 400 * 2)
    # A price of 20 instead of 200, 20 pieces instead of 400.
    assert bounded["quantity"] == pytest.approx(41.0)
    assert bounded["revenue"] == pytest.approx(20 * 2 + 20 + 20 * 2)
    assert bounded["purchases"] == flagged["purchases"] == 22
