"""Oddities seeded into a plain catalogue; what is expected is worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from mercato.core.settings import Identity, Settings
from mercato.data.assets import ASSETS
from mercato.data.derive import derive

Row = dict[str, Any]
WHOLE = {"description": "d", "link": "l", "image_link": "i", "brand": "b", "product_type": "Food"}


@pytest.fixture
def flags(store, settings):
    """The flags of a catalogue: {flag: {item: (value, bound, other)}}."""

    def find(items: list[Row], events: list[Row] | None = None, how: Settings = settings) -> Any:
        store.commit("items", pa.Table.from_pylist(items, schema=ASSETS["items"].schema))
        log = pa.Table.from_pylist(events or [], schema=ASSETS["events"].schema)
        store.commit("events", log)
        found: dict[str, dict[str, tuple[Any, Any, Any]]] = {}
        for row in derive(store, ["item_flags"], settings=how)["item_flags"].to_pylist():
            found.setdefault(row["flag"], {})[row["item_id"]] = (
                row["value"],
                row["bound"],
                row["other_id"],
            )
        return found

    return find


def items_of(*rows: Row) -> list[Row]:
    plain = {"price": 2.0, "currency": "USD"}
    words = ["Oat milk", "Rye bread", "Green tea", "Blue cheese", "Dark honey", "Red wine", "Salt"]
    return [
        {"id": f"i{n}", "title": f"{words[n % 7]} {n * 7919}"} | plain | WHOLE | row
        for n, row in enumerate(rows)
    ]


def test_prices(flags) -> None:
    rows = items_of(
        {"price": 2.0}, {"price": 2.0}, {"price": 2.0}, {"price": 2.0}, {"price": 2.0},
        {"price": 200.0}, {"price": 0.0}, {"price": 2.0, "sale_price": 3.0},
        {"price": 19.0}, {"price": 0.1}, {"price": 900.0, "product_type": "Cars"},
        {"price": 2.0, "currency": "EUR"},
    )  # fmt: skip
    found = flags(rows)
    # The median is 2 and the MAD 0, so a tenfold price is the bound: 0.2 to 20.
    assert found == {
        "price-outlier": {
            "i5": (200.0, pytest.approx(20.0), None),
            "i9": (0.1, pytest.approx(0.2), None),
        },
        "price-zero": {"i6": (0.0, None, None)},
        "sale-price-above-price": {"i7": (3.0, 2.0, None)},
        "currency-foreign": {"i11": (None, None, None)},
    }


def test_prices_against_what_was_paid(flags) -> None:
    def sales(item: str, price: float, count: int = 5) -> list[Row]:
        ts = datetime(2026, 1, 1, tzinfo=UTC)
        return [
            {"event_id": f"{item}-{n}", "line": 0, "ts": ts, "event": "purchase",
             "item_id": item, "price": price, "currency": "USD"}
            for n in range(count)
        ]  # fmt: skip

    rows = items_of({"price": 150.0}, {"price": 2.0}, {"price": 150.0}, {"price": 0.1})
    events = [*sales("i0", 1.5), *sales("i1", 1.5), *sales("i2", 1.5, 4), *sales("i3", 1.5)]
    assert flags(rows, events) == {
        "price-off-sales": {
            "i0": (150.0, pytest.approx(15.0), None),
            "i3": (0.1, pytest.approx(0.15), None),
        }
    }


def test_trade_item_numbers(flags) -> None:
    rows = items_of(
        {"gtin": "4006381333931"},  # GS1's own example of an EAN
        {"gtin": "4006381333932"},
        {"gtin": "036000291452"},  # a UPC: 3·(0+6+0+2+1+5) + (3+0+0+9+4) = 58, and 2 make 60
        {"gtin": "0036000291452"},  # the same with a zero in front
        {"gtin": "ISBN-X"},
        {"gtin": "96385074"},
        {"gtin": "123456789"},
    )
    assert flags(rows) == {
        "gtin-check-digit": dict.fromkeys(("i1", "i4", "i6"), (None, None, None)),
        "same-gtin": {"i2": (2, 1, "i3"), "i3": (2, 1, "i2")},
    }


def test_what_is_left_unsaid(flags) -> None:
    rows = items_of({"description": None}, {"link": None, "price": None}, {})
    assert flags(rows) == {
        "missing-description": {"i0": (None, None, None)},
        "missing-link": {"i1": (None, None, None)},
        "missing-price": {"i1": (None, None, None)},
    }


GERMAN = "Die warme Jacke hält auch im Winter trocken und passt gut zu allem, was man sonst trägt."
ENGLISH = "This warm jacket keeps you dry in winter and goes well with everything else you wear."
CHINESE = "这件温暖的夹克在冬天也能保持干燥，并且与您穿的其他衣服都很搭配，非常适合日常穿着。"


def test_languages_that_differ_from_the_declared(flags, settings) -> None:
    rows = items_of(
        {"description": GERMAN, "language": "en-US"},
        {"description": GERMAN, "language": "de"},
        {"description": ENGLISH, "language": None},
        {"description": CHINESE, "language": "zh_TW"},
        {"description": CHINESE, "language": None},
        {"description": "Jacke", "language": "en"},
    )
    differs = flags(rows)["language-differs"]
    assert set(differs) == {"i0", "i4"}
    assert all(0.9 <= value <= 1 and bound == 0.9 for value, bound, _ in differs.values())
    in_chinese = replace(settings, shop=Identity(language="zh"))
    assert set(flags(rows, how=in_chinese)["language-differs"]) == {"i0", "i2"}
