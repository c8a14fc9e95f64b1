"""Mended rows come in as if they had been right from the start, whatever their dialect."""

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mercato.core.errors import BadInput
from mercato.core.progress import Silent
from mercato.core.settings import ImportSettings, Settings
from mercato.data.assets import ASSETS
from mercato.data.importing import import_events, import_items, import_judgments
from mercato.data.mending.exchange import ABOUT, exchanged, read_mended
from mercato.data.mending.held import Selection, counts, held_rows, quarantine_table
from mercato.data.mending.retrying import RetryReport, retry
from mercato.data.mending.settling import discard
from mercato.data.provenance import SOURCE, SOURCE_LINE
from mercato.data.store import AssetStore

SETTINGS = Settings(imports=ImportSettings(max_bad_share=0.9))
Mend = Callable[[dict[str, Any]], None]


@pytest.fixture
def shop_assets(tmp_path: Path) -> AssetStore:
    return AssetStore(tmp_path / "assets")


def given_out(store: AssetStore) -> list[dict[str, Any]]:
    table = quarantine_table(store, store.version("quarantine"))
    return [exchanged(row) for row in held_rows(table)]


def mend(store: AssetStore, folder: Path, *changes: Mapping[str, Any] | None) -> RetryReport:
    """Retry what the quarantine gives out, each row with its changes; None leaves a row out."""
    file = folder / "mended.jsonl"
    rows = given_out(store)
    assert len(rows) == len(changes)
    changed = [
        {name: value for name, value in (row | change).items() if value is not ...}
        for row, change in zip(rows, changes, strict=True)
        if change is not None
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in changed))
    return retry(store, list(read_mended(file)), SETTINGS, Silent())


def rows_of(store: AssetStore, name: str, *columns: str) -> list[dict[str, Any]]:
    return store.read(name, columns=list(columns)).sort_by(columns[0]).to_pylist()


def test_a_mapped_feed_in_cents_is_read_as_it_was(shop_assets: AssetStore, tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text("code,title,price,colour\na,Tea,1250,red\nb,Pot,cheap,blue\nc,,300,\n")
    mapping = {"id": "code"}
    import_items(shop_assets, [feed], mapping=mapping, price_unit="cents", settings=SETTINGS)
    pot, nameless = given_out(shop_assets)
    about = pot.pop(ABOUT)
    assert pot == {"code": "b", "title": "Pot", "price": "cheap", "colour": "blue"}
    assert (about["check"], about["found"], about["line"]) == ("price-readable", "cheap", 3)
    assert about["remedy"] == "Write the price as a number."

    report = mend(shop_assets, tmp_path, {"price": "1999"}, {})
    assert report == RetryReport(accepted=1, failed=1, checks={("items", "title-required"): 1})
    assert rows_of(shop_assets, "items", "id", "price", "attributes") == [
        {"id": "a", "price": 12.5, "attributes": '{"colour":"red"}'},
        {"id": "b", "price": 19.99, "attributes": '{"colour":"blue"}'},
    ]
    (left,) = given_out(shop_assets)
    assert (left["code"], left[ABOUT]["line"]) == ("c", 4)
    assert report == mend(shop_assets, tmp_path, {}) + RetryReport(accepted=1)


def test_a_mended_row_keeps_its_source_and_line(shop_assets: AssetStore, tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text("id,title,price\na,Tea,1\nb,Pot,cheap\n")
    import_items(shop_assets, [feed], settings=SETTINGS)
    feed.unlink()
    assert mend(shop_assets, tmp_path, {"price": "2"}).accepted == 1
    stored = shop_assets.read("items", columns=["id", SOURCE, SOURCE_LINE]).to_pylist()
    assert [(row["id"], row[SOURCE_LINE]) for row in stored] == [("a", 2), ("b", 3)]
    (source,) = shop_assets.read("sources").to_pylist()
    assert {row[SOURCE] for row in stored} == {source["source_id"]}


def test_the_same_lines_again_change_nothing(shop_assets: AssetStore, tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text("id,title,price\na,Tea,1\nb,Pot,cheap\n")
    import_items(shop_assets, [feed], settings=SETTINGS)
    mend(shop_assets, tmp_path, {"price": "2"})
    versions = [shop_assets.version(name) for name in ("items", "quarantine")]
    mended = list(read_mended(tmp_path / "mended.jsonl"))
    assert retry(shop_assets, mended, SETTINGS, Silent()) == RetryReport(gone=1)
    assert [shop_assets.version(name) for name in ("items", "quarantine")] == versions
    # The corrected file brings the same row, and nothing is left to mend.
    feed.write_text("id,title,price\na,Tea,1\nb,Pot,2\n")
    assert import_items(shop_assets, [feed], settings=SETTINGS).accepted == 0
    assert given_out(shop_assets) == []


def test_a_row_with_too_many_or_too_few_cells_stands_under_the_names(
    shop_assets: AssetStore, tmp_path: Path
) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text("id,title,brand\na,Tea,X\nb,Pot, the big one,Y\nc,Cup\n")
    import_items(shop_assets, [feed], settings=SETTINGS)
    many, few = given_out(shop_assets)
    assert {name: many[name] for name in many if name != ABOUT} == {
        "id": "b", "title": "Pot", "brand": " the big one", "column 4": "Y"
    }  # fmt: skip
    assert {name: few[name] for name in few if name != ABOUT} == {
        "id": "c", "title": "Cup", "brand": None
    }  # fmt: skip
    assert mend(shop_assets, tmp_path, {}, {}) == RetryReport(stayed=2)
    change = {"title": "Pot, the big one", "brand": "Y", "column 4": ...}
    assert mend(shop_assets, tmp_path, change, {"brand": "Z"}).accepted == 2
    assert rows_of(shop_assets, "items", "id", "title", "brand", "attributes") == [
        {"id": "a", "title": "Tea", "brand": "X", "attributes": None},
        {"id": "b", "title": "Pot, the big one", "brand": "Y", "attributes": None},
        {"id": "c", "title": "Cup", "brand": "Z", "attributes": None},
    ]


def test_ga4_events_and_lines_that_are_no_json(shop_assets: AssetStore, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    good = {"event": "view_item", "ts": "2026-05-01T10:00:00Z", "user_id": "ana"}
    bought = {
        "event": "bought",
        "ts": "2026-05-01T10:00:00Z",
        "params": {"currency": "EUR"},
        "items": [{"item_id": "tea", "quantity": 2}, {"item_id": "pot", "quantity": 1}],
    }
    lines = [good | {"event_id": "e1"}, bought | {"event_id": "e2"}]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    log.write_text(text + '{"event_id": "e3", "event": view_item, "ts": 1777630000}\n')
    import_events(shop_assets, [log], format="ga4", settings=SETTINGS)
    event, broken = given_out(shop_assets)
    assert event["items"] == bought["items"]
    assert mend(shop_assets, tmp_path, {}, {}) == RetryReport(
        failed=1, stayed=1, checks={("events", "event-accepted"): 1}
    )
    whole = broken["__text"].replace("view_item", '"view_item"')
    report = mend(shop_assets, tmp_path, {"event": "purchase"}, {"__text": whole})
    assert report == RetryReport(accepted=2)
    assert rows_of(shop_assets, "events", "event_id", "line", "event", "item_id", "currency") == [
        {"event_id": "e1", "line": 0, "event": "view_item", "item_id": None, "currency": None},
        {"event_id": "e2", "line": 0, "event": "purchase", "item_id": "tea", "currency": "EUR"},
        {"event_id": "e2", "line": 1, "event": "purchase", "item_id": "pot", "currency": "EUR"},
        {"event_id": "e3", "line": 0, "event": "view_item", "item_id": None, "currency": None},
    ]  # fmt: skip


def test_a_line_of_an_event_does_not_take_the_place_of_another(
    shop_assets: AssetStore, tmp_path: Path
) -> None:
    log = tmp_path / "log.csv"
    log.write_text(
        "event_id,ts,event,item_id,quantity\n"
        "e1,2026-05-01T10:00:00Z,purchase,tea,1\n"
        "e1,2026-05-01T10:00:00Z,purchase,pot,many\n"
        "e1,2026-05-01T10:00:00Z,purchase,cup,3\n"
    )
    import_events(shop_assets, [log], settings=SETTINGS)
    before = shop_assets.version("quarantine")
    assert mend(shop_assets, tmp_path, {"quantity": "2"}).accepted == 1
    expected = [("cup", 3.0), ("pot", 2.0), ("tea", 1.0)]
    found = rows_of(shop_assets, "events", "item_id", "quantity", "line")
    assert [(row["item_id"], row["quantity"]) for row in found] == expected
    assert sorted(row["line"] for row in found) == [0, 1, 2]
    # Killed between the two commits, it finds its own line again.
    assert before is not None
    old = shop_assets.read("quarantine", before)
    shop_assets.commit("quarantine", old)
    mended = list(read_mended(tmp_path / "mended.jsonl"))
    assert retry(shop_assets, mended, SETTINGS, Silent()).accepted == 1
    assert len(shop_assets.read("events")) == 3
    assert given_out(shop_assets) == []


def test_a_second_row_of_a_key_needs_a_key_of_its_own(
    shop_assets: AssetStore, tmp_path: Path
) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text("id,title\na,Tea\na,Pot\n")
    import_items(shop_assets, [feed], settings=SETTINGS)
    assert mend(shop_assets, tmp_path, {}) == RetryReport(
        failed=1, checks={("items", "id-unique"): 1}
    )
    assert rows_of(shop_assets, "items", "id", "title") == [{"id": "a", "title": "Tea"}]
    assert mend(shop_assets, tmp_path, {"id": "b"}).accepted == 1
    assert rows_of(shop_assets, "items", "id", "title") == [
        {"id": "a", "title": "Tea"},
        {"id": "b", "title": "Pot"},
    ]


def test_merchant_feeds_and_parquet(shop_assets: AssetStore, tmp_path: Path) -> None:
    feed = tmp_path / "feed.tsv"
    with feed.open("w", newline="") as lines:
        csv.writer(lines, delimiter="\t").writerows(
            [
                ["id", "title", "price", "google product category", "additional image link"],
                ["a", "Tea", "3.50 EUR", "Food > Tea", "https://x/1.jpg,https://x/2.jpg"],
                ["b", "Pot", "free", "Home > Pots", "https://x/3.jpg,https://x/4.jpg"],
            ]
        )
    table = pa.table({"id": ["c", "d"], "title": ["Cup", "Jug"], "price": [2.5, -1.0]})
    pq.write_table(table, tmp_path / "more.parquet")
    import_items(shop_assets, [feed, tmp_path / "more.parquet"], settings=SETTINGS)
    assert mend(shop_assets, tmp_path, {"price": "9 EUR"}, {"price": 1.0}).accepted == 2
    tea, pot, _, jug = shop_assets.read("items").sort_by("id").to_pylist()
    assert (pot["price"], pot["currency"], pot["product_type"]) == (9.0, "EUR", "Home > Pots")
    assert json.loads(pot["attributes"]).keys() == json.loads(tea["attributes"]).keys()
    assert jug["price"] == 1.0


def test_a_nested_row_of_parquet(shop_assets: AssetStore, tmp_path: Path) -> None:
    """As BigQuery exports GA4 (https://support.google.com/analytics/answer/7029846)."""
    session = {"key": "ga_session_id", "value": {"int_value": 7}}
    shared = {"event_name": "view_item", "event_params": [session], "user_pseudo_id": "1.2"}
    rows = [
        shared | {"event_timestamp": 1777636800000000, "items": [{"item_id": "tea"}]},
        shared | {"event_timestamp": None, "items": [{"item_id": "pot"}, {"item_id": "cup"}]},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "log.parquet")
    import_events(shop_assets, [tmp_path / "log.parquet"], format="ga4-bigquery", settings=SETTINGS)
    report = mend(shop_assets, tmp_path, {"event_timestamp": 1777636800000001})
    assert report == RetryReport(accepted=1)
    assert rows_of(shop_assets, "events", "item_id", "session_id", "visitor_id") == [
        {"item_id": name, "session_id": "7", "visitor_id": "1.2"} for name in ("cup", "pot", "tea")
    ]


def test_no_share_of_bad_rows_stops_a_retry(shop_assets: AssetStore, tmp_path: Path) -> None:
    feed = tmp_path / "judgments.csv"
    rows = "".join(f"q{n},i,bad\n" for n in range(50))
    feed.write_text("query,item_id,grade\n" + "q,i,1\n" * 10 + rows)
    import_judgments(shop_assets, [feed], settings=SETTINGS)
    changes: list[dict[str, Any]] = [{"grade": "2"}, *({"grade": "worse"} for _ in range(49))]
    strict = Settings(imports=ImportSettings(max_bad_share=0.0))
    mend(shop_assets, tmp_path, *changes)
    mended = list(read_mended(tmp_path / "mended.jsonl"))
    assert retry(shop_assets, mended, strict, Silent()) == RetryReport(gone=50)
    assert len(shop_assets.read("judgments")) == 2
    assert {row[ABOUT]["found"] for row in given_out(shop_assets)} == {"worse"}


def test_rows_are_selected_counted_and_discarded(shop_assets: AssetStore, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text(
            f"id,title,price\n{name},Tea,1\n{name}2,Tea,x\n{name}3,Tea,-1\n"
        )
        import_items(shop_assets, [tmp_path / f"{name}.csv"], settings=SETTINGS)
    table = quarantine_table(shop_assets, shop_assets.version("quarantine"))
    assert counts(table) == [("items", "price-not-negative", 2), ("items", "price-readable", 2)]
    assert discard(shop_assets, Selection(source=str(tmp_path / "one.csv"))) == 2
    assert discard(shop_assets, Selection(check="price-readable", asset="items")) == 1
    assert discard(shop_assets, Selection(asset="events")) == 0
    (left,) = given_out(shop_assets)
    assert left["id"] == "two3"


FIXTURES = Path(__file__).parents[1] / "importers" / "fixtures"


@pytest.mark.parametrize(
    "file, format, good, bad",
    [
        ("algolia_insights.jsonl", "algolia-insights", "1777636802500", '"never"'),
        ("ga4_bigquery.jsonl", "ga4-bigquery", '"1777636801000000"', '"never"'),
        ("google_retail.jsonl", "google-retail", '"2026-05-01T12:00:01Z"', '"never"'),
        ("segment.jsonl", "segment", '"2026-05-01T12:00:01.000Z"', '"never"'),
        ("ubi.jsonl", "ubi", '"2026-05-01T12:00:01+00:00"', '"never"'),
        ("merchant.tsv", "merchant", "45.00 EUR", "cheap"),
        ("merchant_rss.xml", "merchant-xml", "45.00 EUR", "cheap"),
        ("shopify_2024.csv", "shopify", "2.50", "cheap"),
        ("shopify_legacy.csv", "shopify", "2.50", "cheap"),
        ("json_ld_lines.jsonl", "json-ld", "139.99", "cheap"),
    ],
)
def test_a_mended_row_of_any_dialect_is_what_it_would_have_been(
    tmp_path: Path, file: str, format: str, good: str, bad: str
) -> None:
    """One value of the dialect's own sample is broken and mended; compared with the sample."""
    text = (FIXTURES / file).read_text(encoding="utf-8")
    assert good in text
    broken = tmp_path / file
    broken.write_text(text.replace(good, bad, 1), encoding="utf-8")
    name = "events" if bad == '"never"' else "items"
    load = import_events if name == "events" else import_items
    whole, mended = AssetStore(tmp_path / "whole"), AssetStore(tmp_path / "mended")
    load(whole, [FIXTURES / file], format=format, settings=SETTINGS)
    load(mended, [broken], format=format, settings=SETTINGS)
    rows = given_out(mended)
    odd = len(given_out(whole))  # rows of the sample that are meant to be refused
    assert len(rows) > odd
    for row in rows:
        about = row.pop(ABOUT)
        fields = json.loads(json.dumps(row).replace(bad, good))
        row |= fields | {ABOUT: about}
    (tmp_path / "mended.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = retry(mended, list(read_mended(tmp_path / "mended.jsonl")), SETTINGS, Silent())
    assert (report.accepted, report.gone) == (len(rows) - odd, 0)
    keys = [(key, "ascending") for key in ASSETS[name].keys]
    found, expected = (each.read(name).sort_by(keys).to_pylist() for each in (mended, whole))
    assert found == expected


@pytest.mark.parametrize(
    "line", ["{", "5", '{"id": "a"}', '{"__quarantine": 5}', '{"__quarantine": {}}', "\udcff"]
)
def test_a_file_of_other_lines_is_refused_before_anything_changes(
    tmp_path: Path, line: str
) -> None:
    file = tmp_path / "mended.jsonl"
    file.write_bytes(b"\n" + line.encode("utf-8", "surrogateescape") + b"\n")
    with pytest.raises(BadInput, match=r"line 2 .*mercato quarantine --export"):
        list(read_mended(file))
