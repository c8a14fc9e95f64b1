"""What live changes do to a snapshot."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mercato.catalogue.analysis import words
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.filters import parse
from mercato.catalogue.query import as_sought
from mercato.catalogue.text_matching import match
from mercato.catalogue.vectors import quantise
from mercato.core.changes import Change, ItemChange

ITEMS = [
    {"id": "a", "title": "red mug", "brand": "Acme", "price": 5.0, "item_group_id": "mugs"},
    {"id": "b", "title": "blue mug", "brand": "Acme", "price": 6.0, "item_group_id": "mugs"},
    {"id": "c", "title": "tea jar", "price": 7.0, "attributes": json.dumps({"glass": "yes"})},
    {"id": "d", "title": "oak lamp", "price": 8.0},
]
VECTORS = {"red mug": (1, 0), "blue mug": (0, 1), "tea jar": (-1, 0), "oak lamp": (0, -1)}


def vector_of(item: Mapping[str, Any]) -> NDArray[np.float32]:
    return np.array(VECTORS[item["title"]], np.float32)


@pytest.fixture(scope="module")
def catalogue(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    return open_catalogue(ITEMS, vector_of=vector_of)


def put(seq: int, item_id: str, **fields: Any) -> ItemChange:
    return ItemChange(seq, Change.PUT, item_id, fields)


def patch(seq: int, item_id: str, **fields: Any) -> ItemChange:
    return ItemChange(seq, Change.PATCH, item_id, fields)


def delete(seq: int, item_id: str) -> ItemChange:
    return ItemChange(seq, Change.DELETE, item_id, {})


def having(catalogue: Catalogue, text: str) -> set[str]:
    """Ids of living items that a filter lets through."""
    rows = np.flatnonzero(catalogue.mask(parse(text)) & catalogue.alive)
    return set(catalogue.ids(rows))


def found(catalogue: Catalogue, query: str) -> set[str]:
    rows = match(catalogue.text, as_sought(words(query)), catalogue.alive).rows
    return set(catalogue.ids(rows))


def test_a_release_is_as_written(catalogue: Catalogue) -> None:
    assert (catalogue.n_base, catalogue.n_rows, catalogue.overlay) == (4, 4, 0)
    assert catalogue.ids(np.arange(4)) == ["a", "b", "c", "d"]
    assert catalogue.item(2) == {
        "id": "c",
        "title": "tea jar",
        "price": 7.0,
        "attributes": {"glass": "yes"},
    }
    assert catalogue.row("c") == 2
    assert catalogue.row("nobody") is None
    assert catalogue.group.tolist() == [0, 0, 2, 3]


def test_a_new_item_is_there_in_every_way(catalogue: Catalogue) -> None:
    item = {"title": "gnome", "brand": "Elf", "price": 9.0, "attributes": {"hat": "red"}}
    later = catalogue.apply([put(7, "new", **item)])
    assert later.row("new") == 4
    assert later.item(4) == {"id": "new", **item}
    assert later.ids(np.array([4, 0])) == ["new", "a"]
    assert (
        found(later, "gnome") == having(later, "brand:elf") == having(later, "hat:red") == {"new"}
    )
    assert having(later, "price:8.5..") == {"new"}
    assert later.facet("brand", later.living, distinct=False) == {"Acme": 2, "Elf": 1}
    assert (later.base_of[4], later.overlay, later.n_rows) == (-1, 7, 5)
    assert catalogue.row("new") is None and catalogue.n_rows == 4


def test_a_change_of_price_and_stock_patches_the_row(catalogue: Catalogue) -> None:
    later = catalogue.apply([patch(1, "a", price=99.0), patch(2, "b", availability="out_of_stock")])
    assert (later.row("a"), later.row("b"), later.n_rows) == (0, 1, 4)
    assert having(later, "price:99") == {"a"} and having(later, "price:5") == set()
    assert having(later, "availability:out_of_stock") == {"b"}
    assert (later.item(0)["price"], later.item(1)["price"]) == (99.0, 6.0)
    assert later.facts.of(np.array([0, 1])).numbers[:, 0].tolist() == [99.0, 6.0]
    assert having(catalogue, "price:5") == {"a"} and catalogue.item(0)["price"] == 5.0
    emptied = later.apply([patch(3, "a", price=None)])
    assert having(emptied, "price:0..") == {"b", "c", "d"} and "price" not in emptied.item(0)


def test_a_change_of_words_moves_an_item_to_a_new_row_with_the_behaviour_of_the_old(
    catalogue: Catalogue,
) -> None:
    later = catalogue.apply([patch(1, "a", price=99.0, description="for tea")])
    assert later.row("a") == 4
    assert later.alive.tolist() == [False, True, True, True, True]
    assert having(later, "price:99") == {"a"} and having(later, "price:5") == set()
    assert later.item(4)["title"] == "red mug"
    assert (later.base_of[4], later.live_of.tolist()) == (0, [4, 1, 2, 3])
    assert later.group[4] == later.group[1]
    assert later.in_order(later.alive).tolist() == [4, 1, 2, 3]


def test_a_withdrawn_item_is_gone_and_can_come_back(catalogue: Catalogue) -> None:
    gone = catalogue.apply([delete(1, "a")])
    assert gone.row("a") is None
    assert found(gone, "red") == having(gone, "id:a") == set()
    assert gone.live_of.tolist() == [-1, 1, 2, 3]
    back = gone.apply([put(2, "a", title="red mug")])
    assert (back.row("a"), back.base_of[4], back.live_of[0]) == (4, 0, 4)
    assert back.item(4) == {"id": "a", "title": "red mug"}


def test_a_put_replaces_and_a_patch_merges(catalogue: Catalogue) -> None:
    replaced = catalogue.apply([put(1, "c", title="tea jar")])
    assert replaced.item(4) == {"id": "c", "title": "tea jar"}
    merged = catalogue.apply([patch(1, "c", attributes={"lid": "no"}, price=None)])
    attributes = {"glass": "yes", "lid": "no"}
    assert merged.item(4) == {"id": "c", "title": "tea jar", "attributes": attributes}


def test_changes_of_what_is_not_there_change_nothing(catalogue: Catalogue) -> None:
    later = catalogue.apply([patch(1, "nobody", price=1.0), delete(2, "nobody")])
    assert (later.n_rows, later.overlay) == (4, 2)


def test_changes_are_taken_once(catalogue: Catalogue) -> None:
    changes = [put(1, "x", title="one"), put(2, "x", title="two")]
    later = catalogue.apply(changes)
    assert later.apply(changes).n_rows == later.n_rows == 6
    assert found(later, "two") == {"x"} and found(later, "one") == set()


def test_groups_are_joined_and_left(catalogue: Catalogue) -> None:
    later = catalogue.apply(
        [
            patch(1, "a", item_group_id=None),
            put(2, "x", title="x", item_group_id="mugs"),
            put(3, "y", title="y", item_group_id="new"),
            put(4, "z", title="z", item_group_id="new"),
        ]
    )
    rows = {item_id: later.row(item_id) for item_id in "abxyz"}
    group = {item_id: int(later.group[row]) for item_id, row in rows.items() if row is not None}
    assert group["x"] == group["b"] != group["a"]
    assert group["y"] == group["z"]
    assert len(set(group.values())) == 3
    assert later.grouped


def test_a_row_keeps_its_vector_until_its_text_changes(catalogue: Catalogue) -> None:
    vectors = catalogue.vectors
    assert vectors is not None
    vector = quantise(np.array([[1.0, 1.0]])).tobytes()
    later = catalogue.apply(
        [
            patch(1, "a", price=1.0),
            ItemChange(2, Change.PATCH, "b", {"title": "pink mug"}, vector),
            put(3, "new", title="no vector"),
            patch(4, "b", price=2.0),
        ]
    )
    assert later.vectors is not None
    rows = np.array([later.row(item_id) for item_id in ("a", "b", "new")])
    half = np.sqrt(1 / 2)
    expected = np.array([[1, 0], [half, half], [0, 0]])
    assert later.vectors.of(rows) == pytest.approx(expected, abs=0.005)


ids = st.sampled_from("abcdexyz")
changes = st.lists(
    st.one_of(
        st.builds(lambda i: (Change.DELETE, i, {}), ids),
        st.builds(
            lambda kind, i, title, price, group: (
                kind,
                i,
                {"title": title, "price": price, "item_group_id": group},
            ),
            st.sampled_from((Change.PUT, Change.PATCH)),
            ids,
            st.sampled_from(("red mug", "tea", "blue tea pot")),
            st.sampled_from((1.0, 5.0, None)),
            st.sampled_from(("mugs", "new", None)),
        ),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(changes, st.data())
def test_steps_of_any_length_come_to_the_same_rows(
    catalogue: Catalogue, changes: list[tuple[Change, str, dict[str, Any]]], data: st.DataObject
) -> None:
    log = [ItemChange(seq, *change) for seq, change in enumerate(changes, start=1)]
    cut = data.draw(st.integers(0, len(log)))
    at_once, in_steps = catalogue.apply(log), catalogue.apply(log[:cut]).apply(log[cut:])
    for name in ("alive", "group", "base_of", "live_of", "place", "popularity"):
        assert np.array_equal(getattr(at_once, name), getattr(in_steps, name))
    rows = np.arange(at_once.n_rows)
    assert at_once.items(rows) == in_steps.items(rows)
    for query in ("mug", "blue tea", "red pot"):
        one, other = (
            match(each.text, as_sought(words(query)), each.alive) for each in (at_once, in_steps)
        )
        assert one.rows.tolist() == other.rows.tolist()
        assert one.scores_of(rows).tolist() == other.scores_of(rows).tolist()
    for name in ("price", "brand", "item_group_id"):
        counts = [each.facet(name, each.living, distinct=True) for each in (at_once, in_steps)]
        assert counts[0] == counts[1]
    assert len(set(at_once.place[at_once.living].tolist())) == len(at_once.living)
