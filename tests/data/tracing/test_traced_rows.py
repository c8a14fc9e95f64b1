"""Rows of assets against the lines that the test itself wrote."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mercato.data.assets.events import EVENTS
from mercato.data.assets.items import ITEMS
from mercato.data.engines import open_engine
from mercato.data.importing import import_events, import_items
from mercato.data.store import AssetStore
from mercato.data.tracing.rows import NO_SOURCE, TracedRow, traced_rows

ROWS = [{"id": f"item-{n}", "title": f"Thing, no. {n}"} for n in range(1, 6)]


def csv_lines(folder: Path) -> Path:
    lines = [f'{row["id"]},"{row["title"]}"' for row in ROWS]
    lines[1] = 'item-2,"Thing, no. 2\nwith ""two"" lines"'
    (folder / "feed.csv").write_text("id,title\n" + "\n".join(lines) + "\n")
    return folder / "feed.csv"


def packed(folder: Path) -> Path:
    target = folder / "feed.csv.gz"
    target.write_bytes(gzip.compress(csv_lines(folder).read_bytes()))
    return target


def json_lines(folder: Path) -> Path:
    (folder / "feed.jsonl").write_text("\n".join(json.dumps(row) for row in ROWS))
    return folder / "feed.jsonl"


def json_array(folder: Path) -> Path:
    (folder / "feed.json").write_text(json.dumps(ROWS, indent=2))
    return folder / "feed.json"


def xml(folder: Path) -> Path:
    items = "\n".join(
        f"<item>\n <g:id>{row['id']}</g:id>\n <title>{row['title']}</title>\n</item>"
        for row in ROWS
    )
    (folder / "feed.xml").write_text(
        '<?xml version="1.0"?>\n<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0">\n'
        f"<channel>\n{items}\n</channel>\n</rss>\n"
    )
    return folder / "feed.xml"


def parquet(folder: Path) -> Path:
    pq.write_table(pa.Table.from_pylist(ROWS), folder / "feed.parquet", row_group_size=2)
    return folder / "feed.parquet"


TEXTS = {
    csv_lines: ['item-2,"Thing, no. 2\nwith ""two"" lines"', 'item-5,"Thing, no. 5"'],
    packed: ['item-2,"Thing, no. 2\nwith ""two"" lines"', 'item-5,"Thing, no. 5"'],
    json_lines: [json.dumps(ROWS[1]), json.dumps(ROWS[4])],
    json_array: [
        '{\n    "id": "item-2",\n    "title": "Thing, no. 2"\n  },',
        '{\n    "id": "item-5",\n    "title": "Thing, no. 5"\n  }',
    ],
    xml: [
        f"<item>\n <g:id>item-{n}</g:id>\n <title>Thing, no. {n}</title>\n</item>" for n in (2, 5)
    ],
    parquet: ['{"id":"item-2","title":"Thing, no. 2"}', '{"id":"item-5","title":"Thing, no. 5"}'],
}


def traced(store: AssetStore, version: int = 0, *ids: str) -> list[TracedRow]:
    def wanted(rows: ibis.Table) -> ibis.Table:
        return rows.filter(rows.id.isin(ids or ("item-2", "item-5"))).order_by("id")

    with open_engine() as engine:
        return traced_rows(engine, store, ITEMS, version, wanted)


@pytest.mark.parametrize("write", TEXTS, ids=lambda write: write.__name__)
def test_a_row_leads_back_to_its_text(
    store: AssetStore, tmp_path: Path, settings, write: Callable[[Path], Path]
):
    file = write(tmp_path)
    import_items(store, [file], settings=settings)
    found = traced(store)
    assert [row.text for row in found] == TEXTS[write]
    assert [row.row["id"] for row in found] == ["item-2", "item-5"]
    assert {row.source.path for row in found} == {str(file)}
    assert not any(row.trouble for row in found)


def test_a_file_that_changed_or_went_is_told(store: AssetStore, tmp_path: Path, settings):
    file = json_lines(tmp_path)
    import_items(store, [file], settings=settings)
    file.write_text(file.read_text() + "\n")
    (row, _) = traced(store)
    assert (row.text, row.trouble) == (None, "the file has changed since it was imported")
    assert row.line == 2
    file.unlink()
    assert traced(store)[0].trouble == "the file is gone"


def test_a_file_that_cannot_be_read_is_told(store: AssetStore, tmp_path: Path, settings):
    file = json_lines(tmp_path)
    import_items(store, [file], settings=settings)
    file.unlink()
    file.mkdir()
    assert traced(store)[0].trouble.startswith("the file cannot be read: expected data files")


def test_rows_that_no_import_brought_have_no_line(store: AssetStore):
    store.commit("items", pa.Table.from_pylist([{"id": "item-2", "title": "T"}], ITEMS.stored))
    (row,) = traced(store)
    assert (row.source, row.line, row.text, row.trouble) == (None, None, None, NO_SOURCE)
    assert row.row == {"id": "item-2", "title": "T"}


def test_a_table_of_an_older_mercato_has_no_lines(store: AssetStore):
    store.commit("items", pa.Table.from_pylist([{"id": "item-2", "title": "T"}], ITEMS.schema))
    assert traced(store)[0].trouble == NO_SOURCE


def test_every_line_of_one_file_is_read_at_once(store: AssetStore, write_csv, settings):
    lines = [[f"e{n}", "2026-05-01", "purchase", f"i{n}"] for n in range(300)]
    log = write_csv("log.csv", ["event_id", "ts", "event", "item_id"], *lines)
    import_events(store, [log], settings=settings)
    with open_engine() as engine:
        found = traced_rows(engine, store, EVENTS, 0, lambda rows: rows)
    assert {row.row["event_id"]: row.text for row in found} == {
        line[0]: ",".join(line) for line in lines
    }


def test_the_supermarkets_rows_lead_to_rows_of_parquet(store: AssetStore, journey: Path, tmp_path):
    part = tmp_path / "market"
    part.mkdir()
    kept = {"products": 50, "transactions": 200, "coupons": 5, "coupon_redemptions": 5}
    for name, rows in kept.items():
        table = pq.ParquetFile(journey / f"{name}.parquet").read_row_group(0).slice(0, rows)
        pq.write_table(table, part / f"{name}.parquet", row_group_size=7)
    from mercato.core.settings import Settings

    import_items(store, [part], settings=Settings())
    import_events(store, [part], settings=Settings())
    with open_engine() as engine:
        for asset, column, field in (
            (ITEMS, "id", "product_id"),
            (EVENTS, "event_id", "basket_id"),
        ):
            found = traced_rows(engine, store, asset, 0, lambda rows: rows.limit(20))
            assert len(found) == 20
            for row in found:
                assert str(json.loads(row.text)[field]) == row.row[column]
