"""Changes of items reach the items asset once, and leave what was not touched."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mercato.core.changes import Change, ItemChange
from mercato.core.settings import Settings
from mercato.data.importing import import_items
from mercato.data.store import AssetStore
from mercato.operating.item_drain import drain_items
from mercato.state import State

FEED = """id,title,price,created_at,roast
a,Apples,1.50,2026-01-02T03:04:05Z,
b,Beans,2.00,,dark
c,Carrots,0.80,,
"""


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State.open("sqlite:///state.db", tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path: Path) -> AssetStore:
    feed = tmp_path / "feed.csv"
    feed.write_text(FEED)
    store = AssetStore(tmp_path / "assets")
    import_items(store, [feed], settings=Settings())
    return store


def append(state: State, *changes: tuple[Change, str, dict[str, Any]]) -> None:
    state.items.append([ItemChange(0, *change) for change in changes]).result(30)


def items(store: AssetStore) -> dict[str, dict[str, Any]]:
    rows = store.read("items").to_pylist()
    return {row["id"]: {k: v for k, v in row.items() if v is not None} for row in rows}


def test_put_patch_and_delete(state: State, store: AssetStore) -> None:
    before = items(store)
    append(
        state,
        (Change.PATCH, "b", {"price": 2.5, "attributes": {"origin": "Peru"}}),
        (Change.DELETE, "c", {}),
        (Change.PUT, "d", {"title": "Dates", "created_at": "2026-03-04T05:06:07Z"}),
        (Change.PATCH, "gone", {"price": 1.0}),
    )
    assert drain_items(state, store) == 4
    after = items(store)
    assert list(after) == ["a", "b", "d"]
    assert after["a"] == before["a"]
    assert after["b"]["price"] == 2.5
    assert after["b"]["attributes"] == '{"origin":"Peru","roast":"dark"}'
    assert after["d"]["created_at"].isoformat() == "2026-03-04T05:06:07+00:00"


def test_each_change_is_moved_once(state: State, store: AssetStore) -> None:
    append(state, (Change.PATCH, "a", {"price": 9.0}))
    assert drain_items(state, store) == 1
    version = store.version("items")
    assert drain_items(state, store) == 0
    assert store.version("items") == version


def test_a_later_feed_is_not_undone(state: State, store: AssetStore, tmp_path: Path) -> None:
    append(state, (Change.PATCH, "a", {"price": 9.0}))
    drain_items(state, store)
    feed = tmp_path / "later.csv"
    feed.write_text("id,title,price\na,Apples,1.20\n")
    import_items(store, [feed], settings=Settings())
    append(state, (Change.PATCH, "b", {"price": 3.0}))
    drain_items(state, store)
    assert (items(store)["a"]["price"], items(store)["b"]["price"]) == (1.2, 3.0)


def test_a_shop_that_began_without_a_feed(state: State, tmp_path: Path) -> None:
    store = AssetStore(tmp_path / "none")
    append(state, (Change.PUT, "a", {"title": "Apples"}))
    drain_items(state, store)
    assert items(store) == {"a": {"id": "a", "title": "Apples"}}
