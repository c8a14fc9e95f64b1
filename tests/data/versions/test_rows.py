"""A few rows to look at, and whole versions as files."""

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mercato.core.errors import WrongUse
from mercato.data.access import Mask
from mercato.data.assets.answers import ANSWERS
from mercato.data.assets.events import EVENTS
from mercato.data.assets.items import ITEMS
from mercato.data.store import AssetStore
from mercato.data.versions.diff import diff
from mercato.data.versions.rows import FORMATS, export, sample

MASK = Mask(b"0" * 32)


def events(*rows: dict[str, object]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=EVENTS.stored)


def test_a_sample_hides_persons_and_where_rows_came_from(store: AssetStore):
    row = {"event_id": "e1", "line": 0, "user_id": "ana", "item_id": "tea", "__source": 3}
    store.commit("events", events(*({**row, "line": line} for line in range(9))))
    found = sample(store, EVENTS, MASK, 3)
    assert found.num_rows == 3
    assert found.schema.names == EVENTS.schema.names
    assert set(found["item_id"].to_pylist()) == {"tea"}
    assert set(found["user_id"].to_pylist()) == {MASK.pseudonym("ana")}
    assert set(sample(store, EVENTS, None, 3)["user_id"].to_pylist()) == {"ana"}


def test_a_sample_of_nothing_has_the_columns(store: AssetStore):
    store.commit("items", ITEMS.stored.empty_table())
    assert sample(store, ITEMS, None).schema.names == ITEMS.schema.names


def read(path: Path) -> list[dict[str, object]]:
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            return list(csv.DictReader(file))
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    return pq.read_table(path).to_pylist()


@pytest.mark.parametrize("ending", FORMATS)
def test_exports_hold_every_row_of_the_version(store: AssetStore, tmp_path: Path, ending: str):
    store.commit(
        "items", pa.Table.from_pylist([{"id": "a", "title": 'Tea, "green"'}], ITEMS.stored)
    )
    store.commit(
        "items", pa.Table.from_pylist([{"id": "b", "title": "Pot"}], ITEMS.stored), mode="append"
    )
    target = tmp_path / "out" / f"items{ending}"
    assert export(store, ITEMS, target, mask=None) == 2
    found = {row["id"]: row["title"] for row in read(target)}
    assert found == {"a": 'Tea, "green"', "b": "Pot"}
    assert "__source" not in read(target)[0]
    assert export(store, ITEMS, target, version=0, mask=None) == 1
    assert [row["id"] for row in read(target)] == ["a"]
    assert [path.name for path in target.parent.iterdir()] == [target.name]


@pytest.mark.parametrize("ending", FORMATS)
def test_exports_are_masked(store: AssetStore, tmp_path: Path, ending: str):
    row = {"query_id": "q", "user_id": "ana", "request": '{"q": "ana"}', "item_ids": ["a", "b"]}
    store.commit("answers", pa.Table.from_pylist([row], ANSWERS.schema))
    target = tmp_path / f"answers{ending}"
    export(store, ANSWERS, target, mask=MASK)
    assert b"ana" not in target.read_bytes()
    (found,) = read(target)
    assert found["user_id"] == MASK.pseudonym("ana")
    assert found["item_ids"] in (["a", "b"], '["a","b"]')


def test_an_unknown_ending_is_refused(store: AssetStore, tmp_path: Path):
    with pytest.raises(WrongUse, match=r"\.csv, \.jsonl, \.parquet; found .*items\.xls"):
        export(store, ITEMS, tmp_path / "items.xls", mask=None)


def test_changed_rows_hide_persons(store: AssetStore):
    row = {"event_id": "e1", "line": 0, "user_id": "ana", "search_term": "for ana"}
    store.commit("events", events(row))
    store.commit("events", events(row | {"user_id": "bo", "search_term": "for bo"}))
    (changed,) = diff(store, "events", 0, 1, mask=MASK).rows
    assert changed.key == {"event_id": MASK.pseudonym("e1"), "line": 0}
    assert changed.before == {"user_id": MASK.pseudonym("ana"), "search_term": None}
    assert changed.after == {"user_id": MASK.pseudonym("bo"), "search_term": None}
