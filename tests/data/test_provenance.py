"""Every stored row says which file and line it came from."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from mercato.core.settings import Settings
from mercato.data.importing import import_events, import_items
from mercato.data.store import AssetStore

WriteCsv = Callable[..., Path]
PLACE = ["id", "__source", "__source_line"]


def places(store: AssetStore) -> dict[str, tuple[str, int]]:
    """Item → name of the file, line."""
    sources = {row["source_id"]: Path(str(row["path"])).name for row in rows(store, "sources")}
    found = store.read("items", columns=PLACE).to_pylist()
    return {row["id"]: (sources[row["__source"]], row["__source_line"]) for row in found}


def rows(store: AssetStore, name: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = store.read(name).to_pylist()
    return found


def test_rows_know_their_file_and_line(
    store: AssetStore, settings: Settings, write_csv: WriteCsv
) -> None:
    one = write_csv("one.csv", ["id", "title"], ["a", "two\nlines"], ["b", ""], ["c", "C"])
    two = write_csv("two.csv", ["id", "title"], ["d", "D"])
    import_items(store, [one, two], settings=settings)
    # "a" takes the lines 2 and 3; "b" has no title and is refused.
    assert places(store) == {"a": ("one.csv", 2), "c": ("one.csv", 5), "d": ("two.csv", 2)}


def test_a_row_that_says_the_same_stays_where_it_came_from(
    store: AssetStore, settings: Settings, write_csv: WriteCsv
) -> None:
    old = write_csv("old.csv", ["id", "title"], ["a", "A"], ["b", "B"], ["c", "C"])
    new = write_csv("new.csv", ["id", "title"], ["c", "C"], ["b", "Better"])
    import_items(store, [old], settings=settings)
    import_items(store, [new], full=True, settings=settings)
    assert places(store) == {"b": ("new.csv", 3), "c": ("old.csv", 4)}


def test_sources_are_kept_once_with_checksum_and_reading(
    store: AssetStore, settings: Settings, write_csv: WriteCsv
) -> None:
    log = write_csv("log.csv", ["id", "when", "event"], ["e1", "2026-05-01", "search"])
    mapping = {"event_id": "id", "ts": "when"}
    for _ in range(2):
        import_events(store, [log], mapping=mapping, settings=settings)
    [source] = rows(store, "sources")
    assert source["sha256"] == hashlib.sha256(log.read_bytes()).hexdigest()
    assert (source["bytes"], source["rows"]) == (log.stat().st_size, 1)
    assert (source["asset"], source["format"]) == ("events", "plain")
    assert json.loads(str(source["reading"])) == {"mapping": mapping, "price_unit": "major"}


def test_hidden_columns_are_read_only_where_named(
    store: AssetStore, settings: Settings, write_csv: WriteCsv
) -> None:
    import_items(store, [write_csv("f.csv", ["id", "title"], ["a", "A"])], settings=settings)
    assert not [name for name in store.read("items").schema.names if name.startswith("__")]
    assert store.read("items", hidden=True).schema.field("__source_line").type == pa.int64()
