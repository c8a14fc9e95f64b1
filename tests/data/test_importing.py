import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mercato.core.errors import BadInput, NotFound, WrongUse
from mercato.core.settings import Identity, ImportSettings, Settings
from mercato.data.assets import ASSETS
from mercato.data.importing import import_events, import_items, import_judgments
from mercato.data.report import ImportRefused
from mercato.data.store import AssetStore

WriteCsv = Callable[..., Path]


def items_of(store: AssetStore) -> dict[str, dict[str, object]]:
    """The present items by id, without what is empty."""
    rows = store.read("items").to_pylist()
    return {row["id"]: {k: v for k, v in row.items() if v is not None} for row in rows}


def quarantined(store: AssetStore) -> list[tuple[object, ...]]:
    if store.version("quarantine") is None:
        return []
    rows = store.read("quarantine").to_pylist()
    found = [(r["source_line"], r["check"], r["column"], r["value"]) for r in rows]
    return sorted(found, key=lambda each: (each[0], each[1]))


def test_items_come_in_whole(store: AssetStore, settings: Settings, write_csv: WriteCsv) -> None:
    feed = write_csv(
        "items.csv",
        [
            "ID",
            "Title",
            "price",
            "sale price",
            "availability",
            "product_type",
            "colour",
            "created_at",
        ],
        ["1", " Oat milk ", "2.50 EUR", "", "in stock", "Dairy>Milk > Oat ", "", "2026-05-01"],
        ["2", "Bread", "$1,299.00", "1,000.00", "OutOfStock", "", "brown", "1777636800"],
    )
    report = import_items(store, [feed], settings=settings)
    assert (report.read, report.accepted, report.unchanged, report.quarantined) == (2, 2, 0, 0)
    assert (report.version, report.committed) == (0, True)
    assert items_of(store) == {
        "1": {
            "id": "1",
            "title": "Oat milk",
            "price": 2.5,
            "currency": "EUR",
            "availability": "in_stock",
            "product_type": "Dairy > Milk > Oat",
            "created_at": datetime(2026, 5, 1, tzinfo=UTC),
        },
        "2": {
            "id": "2",
            "title": "Bread",
            "price": 1299.0,
            "sale_price": 1000.0,
            "currency": "USD",
            "availability": "out_of_stock",
            "attributes": '{"colour":"brown"}',
            "created_at": datetime(2026, 5, 1, 12, tzinfo=UTC),
        },
    }
    assert store.read("items").schema == ASSETS["items"].schema


def test_only_id_and_title_are_required(
    store: AssetStore, settings: Settings, write_csv: WriteCsv
) -> None:
    import_items(store, [write_csv("a.csv", ["id", "title"], ["1", "x"])], settings=settings)
    assert items_of(store) == {"1": {"id": "1", "title": "x", "availability": "in_stock"}}


def test_the_same_feed_again_changes_nothing(
    store: AssetStore, settings: Settings, write_csv: WriteCsv
) -> None:
    feed = write_csv(
        "a.csv", ["id", "title", "hue"], ["1", "x", "red"], ["2", "y", ""], ["", "z", ""]
    )
    import_items(store, [feed], settings=settings)
    again = import_items(store, [feed], settings=settings)
    assert (again.accepted, again.unchanged, again.quarantined) == (0, 2, 1)
    assert (again.version, again.committed) == (0, False)
    assert store.version("quarantine") == 0


def test_a_partial_feed_replaces_its_items_and_leaves_the_others(
    store: AssetStore, settings: Settings, write_csv: WriteCsv
) -> None:
    header = ["id", "title", "brand"]
    import_items(
        store, [write_csv("a.csv", header, ["1", "x", "A"], ["2", "y", "B"])], settings=settings
    )
    changed = write_csv("b.csv", ["id", "title"], ["2", "yy"], ["3", "z"])
    report = import_items(store, [changed], settings=settings)
    assert (report.accepted, report.unchanged, report.withdrawn) == (2, 0, 0)
    found = items_of(store)
    assert [found[each]["title"] for each in "123"] == ["x", "yy", "z"]
    assert found["1"]["brand"] == "A"
    assert "brand" not in found["2"]  # the row is the whole item
    assert list(store.read("items")["id"].to_pylist()) == ["1", "2", "3"]


def test_a_full_feed_withdraws_what_it_lacks(
    store: AssetStore, settings: Settings, write_csv: WriteCsv
) -> None:
    header = ["id", "title"]
    before = write_csv("a.csv", header, ["1", "x"], ["2", "y"], ["3", "z"])
    import_items(store, [before], settings=settings)
    after = write_csv("b.csv", header, ["3", "z"], ["1", "xx"])
    report = import_items(store, [after], full=True, settings=settings)
    assert (report.accepted, report.unchanged, report.withdrawn) == (1, 1, 1)
    assert {each: row["title"] for each, row in items_of(store).items()} == {"1": "xx", "3": "z"}
    again = import_items(store, [after], full=True, settings=settings)
    assert not again.committed
    assert store.history("items")[0].note["full"] == "true"


def test_every_bad_row_goes_to_quarantine_with_its_reason(
    store: AssetStore, settings: Settings, write_csv: WriteCsv
) -> None:
    feed = write_csv(
        "items.csv",
        ["id", "title", "price", "currency", "availability", "created_at"],
        ["1", "good", "1", "eur", "", ""],
        ["", "no id", "1", "", "", ""],
        ["3", "", "1", "", "", ""],
        ["4", "dear", "much", "", "", ""],
        ["5", "gift", "-1", "", "", ""],
        ["6", "money", "1", "Taler", "", ""],
        ["7", "gone", "1", "", "perhaps", ""],
        ["8", "when", "1", "", "", "yesterday"],
        ["9", 'two\nlines, "quoted"', "1", "", "", ""],
        ["1", "other good", "1", "eur", "", ""],
        ["1", "good", "1", "eur", "", ""],
    )
    settings = replace(settings, imports=ImportSettings(max_bad_share=0.8))
    report = import_items(store, [feed], settings=settings)
    assert (report.read, report.accepted, report.unchanged, report.quarantined) == (11, 2, 1, 8)
    assert quarantined(store) == [
        (3, "id-required", "id", None),
        (4, "title-required", "title", None),
        (5, "price-readable", "price", "much"),
        (6, "price-not-negative", "price", "-1"),
        (7, "currency-accepted", "currency", "Taler"),
        (8, "availability-accepted", "availability", "perhaps"),
        (9, "created_at-readable", "created_at", "yesterday"),
        (12, "id-unique", "id", "1"),  # line 10 and 11 are one row
    ]
    assert {count.check.name: count.rows for count in report.checks} == dict.fromkeys(
        (each[1] for each in quarantined(store)), 1
    )
    row = min(store.read("quarantine").to_pylist(), key=itemgetter("source_line"))
    assert row["source"] == str(feed)
    assert row["asset"] == "items"
    assert json.loads(row["row"])["title"] == "no id"
    assert len(row["source_sha256"]) == 64


def test_a_corrected_file_can_be_imported_again(
    store: AssetStore, settings: Settings, write_csv: WriteCsv
) -> None:
    header = ["id", "title"]
    import_items(store, [write_csv("a.csv", header, ["1", "x"], ["2", ""])], settings=settings)
    assert len(quarantined(store)) == 1
    other = write_csv("other.csv", header, ["9", ""], ["8", "w"])
    import_items(store, [other], settings=settings)
    report = import_items(
        store, [write_csv("a.csv", header, ["1", "x"], ["2", "y"])], settings=settings
    )
    assert (report.accepted, report.unchanged) == (1, 1)
    # what the corrected file had is gone, what another source has stays
    assert [row["source"] for row in store.read("quarantine").to_pylist()] == [str(other)]


def test_too_many_bad_rows_change_nothing(
    store: AssetStore, settings: Settings, write_csv: WriteCsv
) -> None:
    header = ["id", "title"]
    import_items(store, [write_csv("a.csv", header, ["1", "x"])], settings=settings)
    bad = write_csv("b.csv", header, ["1", "new"], ["2", ""], ["3", ""], ["4", "fine"])
    strict = replace(settings, imports=ImportSettings(max_bad_share=0.49))
    with pytest.raises(ImportRefused, match="title-required, as in .*b.csv:3") as refused:
        import_items(store, [bad], settings=strict)
    assert (refused.value.report.read, refused.value.report.quarantined) == (4, 2)
    assert items_of(store)["1"]["title"] == "x"
    assert store.version("items") == 0
    assert store.version("quarantine") is None
    import_items(store, [bad], settings=settings)
    assert set(items_of(store)) == {"1", "4"}


def test_a_full_feed_of_bad_rows_withdraws_nothing(
    store: AssetStore, settings: Settings, write_csv: WriteCsv
) -> None:
    import_items(store, [write_csv("a.csv", ["id", "title"], ["1", "x"])], settings=settings)
    lenient = replace(settings, imports=ImportSettings(max_bad_share=1.0))
    with pytest.raises(ImportRefused):
        bad = write_csv("b.csv", ["id", "title"], ["2", ""])
        import_items(store, [bad], full=True, settings=lenient)
    assert set(items_of(store)) == {"1"}


def test_columns_are_mapped_and_cents_divided(
    store: AssetStore, settings: Settings, tmp_path: Path
) -> None:
    feed = tmp_path / "feed.jsonl"
    feed.write_text(
        '{"sku": 1, "title": "x", "supplier": "Xerox", "brand": "theirs", "price": 4995}\n'
        '{"sku": 2, "title": "y", "price": 10, "specs": {"a": 1}}\n'
    )
    mapping = {"id": "sku", "brand": "supplier"}
    settings = replace(settings, shop=Identity(currency="GBP"))
    import_items(store, [feed], mapping=mapping, price_unit="cents", settings=settings)
    first, second = items_of(store).values()
    assert (first["brand"], first["price"], first["currency"]) == ("Xerox", 49.95, "GBP")
    assert first["attributes"] == '{"brand":"theirs"}'
    assert (second["price"], second["attributes"]) == (0.1, '{"specs":"{\\"a\\":1}"}')


def test_parquet_keeps_its_types(store: AssetStore, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    table = pa.table(
        {
            "id": [1, 2],
            "title": pa.array(["x", "y"]).dictionary_encode(),
            "price": [1.5, None],
            "created_at": pa.array([datetime(2026, 5, 1, 12)] * 2, pa.timestamp("ms")),
            "weight": [2.5, 3.0],
            "tags": [["a", "b"], None],
        }
    )
    pq.write_table(table, path)
    import_items(store, [path], settings=settings)
    found = items_of(store)
    assert found["1"]["price"] == 1.5
    assert found["1"]["attributes"] == '{"tags":["a","b"],"weight":2.5}'
    assert found["2"]["attributes"] == '{"weight":3}'
    assert found["2"]["created_at"] == datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "options", "error", "message"),
    [
        (["sku", "title"], {}, BadInput, "columns id, title.*found sku, title. Map.*--map id="),
        (["id", "title"], {"mapping": {"brand": "maker"}}, BadInput, "no column maker"),
        (["id", "title"], {"mapping": {"colour": "title"}}, BadInput, "a column of items: id"),
        (["id", "title"], {"format": "xml"}, WrongUse, "merchant.*, plain; found 'xml'"),
    ],
)
def test_what_cannot_be_read_is_said(
    store: AssetStore, settings: Settings, write_csv: WriteCsv, header, options, error, message
) -> None:
    feed = write_csv("a.csv", header, ["1", "x"])
    with pytest.raises(error, match=message):
        import_items(store, [feed], settings=settings, **options)
    assert store.names() == ()
    assert [each for each in (store.root / ".staging").glob("*") if each.is_dir()] == []


def test_missing_empty_and_unknown_files_are_said(
    store: AssetStore, settings: Settings, tmp_path: Path, write_csv: WriteCsv
) -> None:
    with pytest.raises(NotFound, match="nothing"):
        import_items(store, [tmp_path / "no.csv"], settings=settings)
    with pytest.raises(BadInput, match="rows in .*found none"):
        import_items(store, [write_csv("e.csv", ["id", "title"])], settings=settings)
    unknown = tmp_path / "feed.docx"
    unknown.write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(BadInput, match="Excel workbook"):
        import_items(store, [unknown], settings=settings)
    no_parquet = tmp_path / "feed.parquet"
    no_parquet.write_bytes(b"PAR1 and no more")
    with pytest.raises(BadInput, match="Parquet in"):
        import_items(store, [no_parquet], settings=settings)


EVENT = ["event_id", "line", "ts", "event", "user_id", "item_id", "quantity"]


def lines_of(store: AssetStore) -> list[tuple[object, ...]]:
    table = store.read("events").sort_by([("event_id", "ascending"), ("line", "ascending")])
    names = ["event_id", "line", "item_id", "quantity"]
    return [tuple(row.values()) for row in table.select(names).to_pylist()]


def test_events_are_known_by_event_and_line(
    store: AssetStore, settings: Settings, write_csv: WriteCsv
) -> None:
    day = "2026-05-01"
    first = write_csv(
        "a.csv.gz",
        EVENT,
        ["b1", 0, day, "purchase", "u", "x", 1],
        ["b1", 1, day, "purchase", "u", "y", 2],
    )
    import_events(store, [first], settings=settings)
    second = write_csv(
        "b.csv",
        EVENT,
        ["b1", 1, day, "purchase", "u", "y", 2],  # delivered again
        ["b2", 0, day, "Purchase", "", "x", ""],  # new, a guest's
        ["b2", 0, day, "Purchase", "", "x", ""],
    )
    report = import_events(store, [second], settings=settings)
    assert (report.read, report.accepted, report.unchanged) == (3, 1, 2)
    assert lines_of(store) == [("b1", 0, "x", 1.0), ("b1", 1, "y", 2.0), ("b2", 0, "x", None)]
    assert len(store.files("events")) == 2  # new lines come behind the others
    corrected = write_csv("c.csv", EVENT, ["b1", 1, day, "purchase", "u", "y", 5])
    report = import_events(store, [corrected], settings=settings)
    assert (report.accepted, report.unchanged) == (1, 0)
    assert lines_of(store) == [("b1", 0, "x", 1.0), ("b1", 1, "y", 5.0), ("b2", 0, "x", None)]


def test_lines_without_numbers_are_counted_and_events_without_ids_named(
    store: AssetStore, settings: Settings, write_csv: WriteCsv
) -> None:
    orders = write_csv(
        "orders.csv",
        ["event_id", "ts", "event", "item_id"],
        ["o1", "2026-05-01", "purchase", "x"],
        ["o2", "2026-05-01", "purchase", "x"],
        ["o1", "2026-05-01", "purchase", "y"],
    )
    views = write_csv(
        "views.csv",
        ["ts", "event", "visitor_id", "item_id"],
        ["2026-05-01", "view_item", "v", "x"],
        ["2026-05-01", "view_item", "v", "x"],
        ["2026-05-02", "view_item", "v", "x"],
    )
    for _ in range(2):
        import_events(store, [orders], settings=settings)
        import_events(store, [views], settings=settings)
        found = lines_of(store)
        assert found[:3] == [("o1", 0, "x", None), ("o1", 1, "y", None), ("o2", 0, "x", None)]
        assert len(found) == 5  # of the views that say the same, one
        assert all(str(each[0]).startswith("row-") for each in found[3:])


def test_ga4_events_come_from_files(store: AssetStore, settings: Settings, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(
        '{"event_id": "s1", "event": "search", "ts": 1777636800, "search_term": "milk"}\n'
        '{"event_id": "p1", "event": "purchase", "ts": "2026-05-01T12:00:00Z", "user_id": "u",'
        ' "items": [{"item_id": "a", "quantity": 2, "price": 1.5}, {"item_id": "b"}]}\n'
        '{"event_id": "p2", "event": "purchase", "items": [{"item_id": "a"}]}\n'
        '{"client_id": "c", "timestamp_micros": 1777636800000000,'
        ' "events": [{"name": "view_item", "params": {"items": [{"item_id": "a"}]}}]}\n'
    )
    report = import_events(store, [log], settings=settings)
    assert (report.read, report.accepted, report.quarantined) == (5, 4, 1)
    assert quarantined(store) == [(3, "ts-required", "ts", None)]
    rows = store.read("events").to_pylist()
    assert {(row["event"], row["line"], row["item_id"]) for row in rows} == {
        ("purchase", 0, "a"),
        ("purchase", 1, "b"),
        ("search", 0, None),
        ("view_item", 0, "a"),
    }
    assert {row["ts"] for row in rows} == {datetime(2026, 5, 1, 12, tzinfo=UTC)}
    assert {row["currency"] for row in rows if row["price"]} == {"USD"}
    assert not import_events(store, [log], settings=settings).committed


def test_plain_rows_of_events_in_json_lines(
    store: AssetStore, settings: Settings, tmp_path: Path
) -> None:
    log = tmp_path / "rows.jsonl"
    rows = [
        {"event_id": "e", "line": n, "ts": 1777636800, "event": "purchase", "item_id": f"i{n}"}
        for n in range(3)
    ]
    log.write_text("\n".join(map(json.dumps, rows)))
    import_events(store, [log], settings=settings)
    assert lines_of(store) == [("e", n, f"i{n}", None) for n in range(3)]


def test_judgments_are_replaced_by_newer_grades(
    store: AssetStore, settings: Settings, write_csv: WriteCsv
) -> None:
    header = ["query", "item_id", "grade"]
    first = write_csv("a.csv", header, ["milk", "1", "3"], ["milk", "2", "0"], ["milk", "3", "-1"])
    report = import_judgments(store, [first], settings=settings)
    assert (report.accepted, report.quarantined) == (2, 1)
    import_judgments(store, [write_csv("b.csv", header, ["milk", "2", "1.5"])], settings=settings)
    assert store.read("judgments").to_pylist() == [
        {"query": "milk", "item_id": "1", "grade": 3.0},
        {"query": "milk", "item_id": "2", "grade": 1.5},
    ]


def test_two_imports_at_once_both_come_in(
    store: AssetStore, settings: Settings, write_csv: WriteCsv
) -> None:
    paths = [
        write_csv(
            f"{n}.csv",
            EVENT,
            *([f"e{n}-{k}", 0, "2026-05-01", "purchase", "u", "x", 1] for k in range(300)),
        )
        for n in range(4)
    ]
    failures: list[BaseException] = []

    def work(path: Path) -> None:
        try:
            import_events(store, [path], settings=settings)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(lines_of(store)) == 1200


def test_versions_name_their_sources(
    store: AssetStore, settings: Settings, write_csv: WriteCsv
) -> None:
    feed = write_csv("a.csv", ["id", "title"], ["1", "x"])
    import_items(store, [feed], settings=settings)
    (version,) = store.history("items")
    assert version.note["made_by"] == "import"
    assert list(json.loads(version.note["sources"])) == [str(feed)]
