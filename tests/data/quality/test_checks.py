"""Checks of whole tables: what is wrong is found, whoever wrote it."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from mercato.core.errors import NotFound
from mercato.core.settings import QualitySettings, Settings
from mercato.data.assets import ASSETS
from mercato.data.importing import import_items
from mercato.data.quality.report import quality_report
from mercato.data.quality.set_aside import set_aside

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

ITEMS = [{"id": f"i{n}", "title": "Cup", "availability": "in_stock"} for n in range(10)]
EVENTS = [
    {"event_id": f"e{n}", "line": 0, "ts": NOON - timedelta(hours=n), "event": "purchase",
     "item_id": f"i{n}"}
    for n in range(10)
]  # fmt: skip


@pytest.fixture
def health(store):
    """(asset, check) → health, and what was found, of rows that are committed past all imports."""

    def of(items=ITEMS, events=EVENTS, **quality):
        for name, rows in (("items", items), ("events", events)):
            store.commit(name, pa.Table.from_pylist(rows, schema=ASSETS[name].schema))
        settings = Settings(quality=QualitySettings(**quality))
        report = quality_report(store, settings, now=NOON)
        return {
            (each.asset, each.check): (each.health.value, each.found) for each in report.findings
        }

    return of


def bad(found):
    return {name: said for name, said in found.items() if said[0] != "ok"}


def test_good_tables_pass_every_check(health):
    found = health()
    assert bad(found) == {}
    assert {check for asset, check in found if asset == "events"} == {
        "schema", "unique", "rows", "volume", "item_id-known", "fresh",
    }  # fmt: skip


def test_a_key_twice(health):
    assert bad(health(items=[*ITEMS, ITEMS[0]])) == {
        ("items", "unique"): ("failed", "1 rows too many")
    }


def test_rows_that_an_import_would_refuse(health):
    items = [*ITEMS[:7], {"id": "x", "title": "Cup", "price": -1.0}]
    items += [{"id": f"y{n}", "title": "Cup", "availability": "maybe"} for n in range(2)]
    assert bad(health(items=items, events=EVENTS[:7])) == {
        ("items", "price-not-negative"): ("failed", "1 rows"),
        ("items", "availability-accepted"): ("failed", "2 rows"),
    }


@pytest.mark.parametrize(("unknown", "expected"), [(0, "ok"), (1, "warning"), (6, "failed")])
def test_events_of_products_that_nobody_knows(health, unknown, expected):
    """Of ten lines one is 10%, above 5; six are 60%, above 50."""
    found = health(items=ITEMS[: 10 - unknown])
    assert found["events", "item_id-known"][0] == expected


def test_lines_without_a_product_are_not_unknown(health):
    events = [row | {"item_id": None} for row in EVENTS]
    assert health(events=events)["events", "item_id-known"][0] == "ok"


@pytest.mark.parametrize(("days", "expected"), [(0, "ok"), (2, "failed"), (3, "ok")])
def test_freshness(health, days, expected):
    events = [row | {"ts": row["ts"] - timedelta(days=2, hours=6)} for row in EVENTS]
    found = health(events=events, max_age_days=days)["events", "fresh"]
    assert found == (expected, "newest 2026-02-27 06:00 UTC, 2.2 days old")


def test_half_of_the_rows_lost(health):
    health()
    assert bad(health(items=ITEMS[:4], events=EVENTS[:4])) == {
        ("items", "volume"): ("warning", "4 rows, 10 before"),
        ("events", "volume"): ("warning", "4 rows, 10 before"),
    }


def test_an_empty_table(health):
    assert health(items=[], events=[])["items", "volume"] == ("failed", "no rows")


def test_columns_that_are_not_as_declared(store):
    rows = pa.table({"id": ["a"], "title": ["Cup"], "price": ["cheap"]})
    store.commit("items", rows)
    report = quality_report(store, Settings(), now=NOON)
    (schema,) = report.findings
    assert schema.health == "failed"
    assert "price as string" in schema.found and "no brand" in schema.found


def test_a_shop_without_anything(store):
    with pytest.raises(NotFound, match="mercato import"):
        quality_report(store, Settings(), now=NOON)


def test_what_is_set_aside_names_nobody(store):
    rows = [
        {"asset": "items", "check": "price-readable", "column": "price", "value": "cheap"},
        {"asset": "events", "check": "user_id-length", "column": "user_id", "value": "ann@x.com"},
        {"asset": "events", "check": "row-json", "column": None, "value": '{"user_id": "ann'},
    ]
    rows = [row | {"source": "f.csv", "source_line": n} for n, row in enumerate(rows)]
    schema = ASSETS["quarantine"].schema
    store.commit("quarantine", pa.Table.from_pylist(rows, schema=schema))
    held = {each.check: each.examples[0] for each in set_aside(store)}
    assert (held["price-readable"].value, held["price-readable"].place) == ("cheap", "f.csv:0")
    assert held["user_id-length"].hidden and held["row-json"].hidden
    assert "ann" not in str(held)


def test_what_is_odd_is_counted_by_kind(store, tmp_path):
    feed = tmp_path / "feed.csv"
    # 4006381333931 is a valid EAN-13: 4+3·0+0+3·6+3+3·8+1+3·3+3+3·3+9+3·3 = 89, and 89 + 1 = 90.
    feed.write_text("id,title,gtin,price\na,A,4006381333931,1\nb,B,4006381333932,0\n")
    import_items(store, [feed], settings=Settings())
    report = quality_report(store, Settings(), now=NOON)
    found = {each.flag: (each.asset, each.rows, each.example) for each in report.flags}
    assert found["gtin-check-digit"] == ("item_flags", 1, "b")
    assert found["price-zero"] == ("item_flags", 1, "b")
    assert found["missing-brand"] == ("item_flags", 2, "a")
    assert all(each.meaning for each in report.flags)
