"""What holds on every shelf, for placements found by enumerating and shoppers of all kinds."""

from typing import Any

import numpy as np
import pytest

from mercato.core.changes import Change
from mercato.core.columns import Event, Placement
from mercato.core.errors import BadInput
from mercato.recommend import Shelf
from mercato.recommend.placements import PLACEMENTS
from mercato.recommend.request import NARROWED_BY
from mercato.recommend.reranking.settings import Reranking

BREAKFAST = [(90, "bread"), (90, "jam"), (95, "bread")]

SHOPPERS: dict[str, dict[str, Any]] = {
    "new": {},
    "regular": {"did": BREAKFAST},
    "in a session": {"did": BREAKFAST, "recent": ["beer", "crisps"]},
    "looking only": {"did": [(99, "ale", Event.VIEW_ITEM)], "recent": ["ale"]},
    "who has everything": {
        "did": [
            (80, item)
            for item in (
                "bread",
                "jam",
                "honey",
                "butter",
                "beer",
                "ale",
                "crisps",
                "crisps-xl",
                "nuts",
                "candle",
                "soap",
                "lamp",
            )
        ]
    },
}


@pytest.fixture(params=PLACEMENTS)
def placement(request: pytest.FixtureRequest) -> Placement:
    return request.param


@pytest.fixture(params=SHOPPERS)
def shopper(request: pytest.FixtureRequest) -> dict[str, Any]:
    return SHOPPERS[request.param]


def page(placement: Placement, *filters: str) -> dict[str, Any]:
    """What the page says that the shelf stands on, and what filters it besides."""
    return {**_page(placement), "filters": (*_narrowed(placement), *filters)}


def _narrowed(placement: Placement) -> tuple[str, ...]:
    """A filter that the placement needs, through which everything passes."""
    field = NARROWED_BY.get(placement)
    return (f"{field}:north OR NOT {field}:north",) if field else ()


def _page(placement: Placement) -> dict[str, Any]:
    if placement in (Placement.ITEM_SIMILAR, Placement.ITEM_TOGETHER):
        return {"item": "jam"}
    return {"cart": ["butter"]} if placement is Placement.CART else {}


def whole(shelf: Shelf) -> list[tuple[Any, ...]]:
    return [(item.row, item.score, item.reason, item.retriever) for item in shelf.items]


def test_every_placement_has_rules() -> None:
    assert set(PLACEMENTS) == set(Placement)


@pytest.mark.parametrize("distinct", [False, True])
def test_invariants(corner_shop, placement: Placement, shopper: dict[str, Any], distinct) -> None:
    shelf = corner_shop.ask(placement, **shopper, **page(placement), distinct=distinct, n=5)
    ids = corner_shop.ids(shelf)
    assert 1 <= len(ids) <= 5
    assert len(set(ids)) == len(ids)
    assert "lamp" not in ids, "it is out of stock"
    assert page(placement).get("item") not in ids
    assert not set(page(placement).get("cart", [])) & set(ids)
    assert not distinct or not {"crisps", "crisps-xl"} <= set(ids)
    scores = [item.score for item in shelf.items]
    assert scores == sorted(scores, reverse=True)
    assert 0 < scores[-1] <= scores[0] == 1
    named = {part.retriever.name for s in PLACEMENTS[placement].stages for part in s.parts}
    assert {item.retriever for item in shelf.items} <= named
    assert shelf.fallback is None or shelf.fallback in named
    again = corner_shop.ask(placement, **shopper, **page(placement), distinct=distinct, n=5)
    assert whole(again) == whole(shelf)


def test_a_longer_shelf_begins_as_the_shorter(corner_shop, placement, shopper) -> None:
    short = corner_shop.ask(placement, **shopper, **page(placement), n=3)
    long = corner_shop.ask(placement, **shopper, **page(placement), n=100)
    assert whole(long)[:3] == whole(short)


def test_the_whole_shop_fits_on_a_shelf(corner_shop, placement) -> None:
    """All that can be shown, none twice; `buy-again` shows only what was bought."""
    shelf = corner_shop.ask(placement, BREAKFAST, **page(placement), n=100)
    expected = {
        Placement.HOME: 9,
        Placement.BUY_AGAIN: 2,
        Placement.ITEM_SIMILAR: 10,
        Placement.ITEM_TOGETHER: 10,
        Placement.CART: 10,
        Placement.CATEGORY: 11,
        Placement.STORE: 11,
        Placement.ZERO_RESULTS: 11,
        Placement.EMAIL: 11,
    }
    assert len(shelf.items) == expected[placement]


def test_filters_hold(corner_shop, placement, shopper) -> None:
    wanted = ('product_type:"Food"', "NOT id:jam")
    shelf = corner_shop.ask(placement, **shopper, **page(placement, *wanted))
    ids = set(corner_shop.ids(shelf))
    assert ids
    assert ids <= {"bread", "honey", "butter"}


def test_filters_that_leave_nothing_leave_nothing(corner_shop, placement) -> None:
    nothing = corner_shop.ask(placement, **page(placement, 'product_type:"Toys"'))
    assert nothing.items == ()
    assert nothing.fallback is None


def test_dismissed_items_are_hidden(corner_shop, placement, shopper) -> None:
    did = [*shopper.get("did", []), (99.5, "bread", Event.DISMISS), (99.5, "crisps", Event.DISMISS)]
    asked = {**shopper, "did": did}
    ids = corner_shop.ids(corner_shop.ask(placement, **asked, **page(placement), n=100))
    assert ids
    assert not {"bread", "crisps"} & set(ids)
    cards = corner_shop.ask(placement, **asked, **page(placement), n=100, distinct=True)
    assert "crisps-xl" not in corner_shop.ids(cards)


def test_withdrawn_items_are_gone_and_changed_ones_stay(corner_shop, placement) -> None:
    shop = corner_shop.after(
        (Change.DELETE, "bread", {}),
        (Change.PATCH, "butter", {"price": 2.0}),
        (Change.PATCH, "nuts", {"availability": "out_of_stock"}),
        (Change.PATCH, "lamp", {"availability": "backorder"}),
    )
    did = [(90, "bread"), (90, "butter"), (90, "nuts"), (90, "lamp")]
    asked = page(placement)
    asked |= {"cart": ["jam"]} if placement is Placement.CART else {}
    ids = shop.ids(shop.ask(placement, did, **asked, n=100))
    assert not {"bread", "nuts"} & set(ids)
    if placement is Placement.BUY_AGAIN:
        assert set(ids) == {"butter", "lamp"}
    elif placement is not Placement.HOME:
        assert {"butter", "lamp"} <= set(ids)


def test_new_items_can_be_reached(corner_shop, placement) -> None:
    shop = corner_shop.after((Change.PUT, "figs", {"id": "figs", "title": "figs"}))
    shelf = shop.ask(placement, **page(placement), n=100)
    assert "figs" in shop.ids(shelf)


def test_without_vectors_nothing_is_empty(wordless_shop, placement, shopper) -> None:
    shelf = wordless_shop.ask(placement, **shopper, **page(placement))
    assert shelf.items
    assert all(item.retriever != "content" for item in shelf.items)


def test_a_cap_on_categories(corner_shop, placement) -> None:
    capped = Reranking(most_per_category=1)
    shelf = corner_shop.ask(placement, **page(placement), n=100, reranking=capped)
    leaves = [
        item.get("product_type")
        for item in corner_shop.catalogue.items(np.array([each.row for each in shelf.items]))
    ]
    known = [leaf for leaf in leaves if leaf is not None]
    assert len(set(known)) == len(known) > 2


def test_a_shelf_is_filled_though_the_first_proposals_do_not_do(
    corner_shop, placement, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {**page(placement), "n": 100, "distinct": True}
    expected = whole(corner_shop.ask(placement, BREAKFAST, **asked))
    monkeypatch.setattr("mercato.recommend.shelves._FEW", 1)
    assert len(corner_shop.ask(placement, BREAKFAST, **asked).items) == len(expected)


@pytest.mark.parametrize("n", [0, 101])
def test_refuses_n_out_of_range(corner_shop, placement, n) -> None:
    with pytest.raises(BadInput, match=f"n from 1 to 100; found {n}"):
        corner_shop.ask(placement, **page(placement), n=n)


def test_refuses_filters_that_cannot_be_read(corner_shop, placement) -> None:
    with pytest.raises(BadInput, match="Did you mean 'brand'"):
        corner_shop.ask(placement, **page(placement, "brnad:Acme"))


@pytest.mark.parametrize("placement", [Placement.ITEM_SIMILAR, Placement.ITEM_TOGETHER])
def test_refuses_an_item_shelf_without_an_item(corner_shop, placement) -> None:
    with pytest.raises(BadInput, match=f"an item with {placement}"):
        corner_shop.ask(placement)
