"""A change of an item is encoded where its text changed, and shelves know it at once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mercato.core.changes import Change
from mercato.core.columns import Placement
from mercato.core.errors import BadInput, NotFound
from mercato.shop.items import Operation, change, change_many
from mercato.shop.opened import Shop
from mercato.shop.search import SearchCall, search
from mercato.shop.shelf import ShelfCall, shelf


@pytest.fixture
def shop(supermarket: Path, tmp_path: Path) -> Iterator[Shop]:
    opened = Shop.open(Path(shutil.copytree(supermarket, tmp_path / "shop")))
    yield opened
    opened.close()


def first_item(shop: Shop) -> dict[str, object]:
    return shop.live.catalogue.item(0)


def test_a_new_item_is_found_by_its_meaning_and_stands_beside_its_like(shop: Shop) -> None:
    like = search(shop, SearchCall(q="strawberries", per_page=1, mode="semantic")).hits[0].id
    change(shop, Operation("put", "new", {"title": "Strawberries 1 lb"}))
    answer = search(shop, SearchCall(q="strawberries", mode="semantic"))
    assert "new" in [hit.id for hit in answer.hits]
    beside = shelf(shop, ShelfCall(Placement.ITEM_SIMILAR, item_id=like, n=20)).items
    assert "new" in [card.id for card in beside]


def test_a_price_is_not_encoded_again_a_title_is(shop: Shop) -> None:
    item_id = str(first_item(shop)["id"])
    catalogue = shop.live.catalogue
    before = catalogue.vectors.of(np.array([0]))  # type: ignore[union-attr]
    change(shop, Operation("patch", item_id, {"price": 1.23}))
    change(shop, Operation("patch", item_id, {"title": "Garden Hose Reel"}))
    price, title = shop.state.items.since(0)
    assert (price.change, price.vector) == (Change.PATCH, None)
    assert title.vector is not None
    row = shop.live.catalogue.row(item_id)
    after = shop.live.catalogue.vectors.of(np.array([row]))  # type: ignore[union-attr]
    assert float((before @ after.T).item()) < 0.9


def test_fields_without_a_column_become_attributes_one_by_one(shop: Shop) -> None:
    item_id = str(first_item(shop)["id"])
    change(shop, Operation("patch", item_id, {"grape": "Merlot", "attributes": {"year": 2015}}))
    change(shop, Operation("patch", item_id, {"attributes": {"year": None}}))
    attributes = shop.live.catalogue.item(shop.live.catalogue.row(item_id) or 0)["attributes"]
    assert attributes["grape"] == "Merlot"
    assert "year" not in attributes


def test_one_item_twice_in_a_batch(shop: Shop) -> None:
    outcomes = change_many(
        shop,
        [
            Operation("put", "n", {"title": "First", "price": 1}),
            Operation("patch", "n", {"price": 2}),
            Operation("put", "bad", {"title": "Second", "price": -1}),
            Operation("delete", "n", {}),
            Operation("patch", "n", {"price": 3}),
        ],
    )
    assert [outcome.error and type(outcome.error) for outcome in outcomes] == [
        None,
        None,
        BadInput,
        None,
        NotFound,
    ]
    assert shop.live.catalogue.row("n") is None


def test_a_refused_change_changes_nothing(shop: Shop) -> None:
    before = shop.live.catalogue.overlay
    with pytest.raises(BadInput, match="price"):
        change(shop, Operation("put", "n", {"title": "x", "price": "dear"}))
    assert shop.live.catalogue.overlay == before
    assert shop.state.items.since(0) == []
