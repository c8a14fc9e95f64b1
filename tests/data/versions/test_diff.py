"""Differences of versions against what plain Python finds in the same rows."""

import random

import pyarrow as pa
import pytest

from mercato.core.errors import NotFound
from mercato.data.assets.events import EVENTS
from mercato.data.assets.items import ITEMS
from mercato.data.store import AssetStore
from mercato.data.versions.diff import ChangedRow, diff


def items(*rows: dict[str, object]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=ITEMS.stored)


def test_added_removed_and_changed_rows_by_the_key(store: AssetStore):
    tea = {"id": "tea", "title": "Tea", "price": 3.0}
    pot = {"id": "pot", "title": "Pot", "price": 9.0}
    cup = {"id": "cup", "title": "Cup"}
    store.commit("items", items(tea, pot, cup))
    store.commit("items", items(tea | {"price": 3.5, "brand": "Leaf"}, cup, pot | {"id": "jug"}))
    found = diff(store, "items", 0, 1)
    assert (found.added, found.removed, found.changed) == (1, 1, 1)
    assert found.columns == {"brand": 1, "price": 1}
    assert found.rows == (
        ChangedRow({"id": "tea"}, {"price": 3.0, "brand": None}, {"price": 3.5, "brand": "Leaf"}),
    )
    back = diff(store, "items", 1, 0)
    assert (back.added, back.removed, back.changed, back.columns) == (1, 1, 1, found.columns)


def test_where_a_row_came_from_is_no_change_of_it(store: AssetStore):
    row = {"id": "tea", "title": "Tea"}
    store.commit("items", items(row | {"__source": 1, "__source_line": 2}))
    store.commit("items", items(row | {"__source": 5, "__source_line": 9}))
    found = diff(store, "items", 0, 1)
    assert (found.added, found.removed, found.changed) == (0, 0, 0)


def test_as_many_changed_rows_as_asked_for_by_key(store: AssetStore):
    rows = [{"id": f"i{n:03}", "title": "old"} for n in range(50)]
    store.commit("items", items(*rows))
    store.commit("items", items(*(row | {"title": "new"} for row in reversed(rows))))
    found = diff(store, "items", 0, 1, most=3)
    assert found.changed == 50
    assert [row.key["id"] for row in found.rows] == ["i000", "i001", "i002"]


@pytest.mark.parametrize("seed", range(3))
def test_random_versions_differ_as_dictionaries_do(store: AssetStore, seed: int):
    chance = random.Random(seed)

    def version() -> dict[tuple[str, int], dict[str, object]]:
        return {
            (f"e{chance.randrange(60)}", chance.randrange(3)): {
                "event": chance.choice(["purchase", "view_item"]),
                "quantity": chance.choice([None, 1.0, float("nan")]),
                "item_id": chance.choice([None, "tea", "pot"]),
            }
            for _ in range(120)
        }

    versions = [version(), version()]
    for rows in versions:
        listed = [{"event_id": e, "line": n} | row for (e, n), row in rows.items()]
        store.commit("events", pa.Table.from_pylist(listed, schema=EVENTS.stored))
    before, after = versions
    both = before.keys() & after.keys()
    differing = {
        name: sum(str(before[key][name]) != str(after[key][name]) for key in both)
        for name in ("event", "quantity", "item_id")
    }
    found = diff(store, "events", 0, 1)
    assert found.added == len(after.keys() - before.keys())
    assert found.removed == len(before.keys() - after.keys())
    assert found.changed == sum(str(before[key]) != str(after[key]) for key in both)
    assert found.columns == {name: rows for name, rows in differing.items() if rows}


def test_rows_without_a_key_are_compared_whole(store: AssetStore):
    def table(*texts: str) -> pa.Table:
        return pa.table({"text": texts, "tags": pa.array([[t] for t in texts])})

    store.commit("things", table("a", "a", "b", "c"))
    store.commit("things", table("a", "c", "c", "c", "d"))
    found = diff(store, "things", 0, 1)
    # one a and the b went; two c and the d came
    assert (found.added, found.removed, found.changed, found.keys) == (3, 2, 0, ())


def test_columns_that_came_went_or_changed_their_type(store: AssetStore):
    store.commit("things", pa.table({"n": [1], "old": ["x"], "size": pa.array([1], pa.int32())}))
    store.commit("things", pa.table({"n": [1], "new": ["y"], "size": [1.5]}))
    found = diff(store, "things", 0, 1).schema
    assert (found.added, found.removed) == (("new",), ("old",))
    assert found.retyped == {"size": ("int32", "double")}


def test_appended_rows_are_found_without_reading_the_others(store: AssetStore):
    store.commit("items", items({"id": "a", "title": "A"}))
    store.commit("items", items({"id": "b", "title": "B"}), mode="append")
    (shared,) = store.files("items", 0)
    with open(shared, "r+b") as file:
        file.truncate(10)  # unreadable: a diff that opens it fails
    found = diff(store, "items", 0, 1)
    assert (found.added, found.removed, found.changed) == (1, 0, 0)


def test_versions_must_exist(store: AssetStore):
    store.commit("items", items({"id": "a", "title": "A"}))
    with pytest.raises(NotFound, match="version 3 of asset 'items'"):
        diff(store, "items", 0, 3)
