"""What hardly anybody bought yet has places of its own on the shelves of those who buy its kind."""

import pytest

from mercato.core.changes import Change
from mercato.core.columns import Placement
from mercato.ranking.reasons import Reason, ReasonCode
from mercato.recommend.reranking.arrivals import places
from mercato.recommend.reranking.settings import Reranking
from mercato.recommend.retrievers.new_items import _unknown

STOUT = (
    Change.PUT,
    "stout",
    {"id": "stout", "title": "dark", "product_type": "Drinks > Beer", "price": 2.0},
)
DRINKS = [(90, "beer"), (95, "beer")]
EATS = [(90, "bread"), (95, "bread")]
NEW = Reranking(new_items=0.25)


@pytest.mark.parametrize(
    ("share", "n", "expected"),
    [(0.1, 20, [5, 15]), (0.1, 4, []), (0.25, 10, [2, 6]), (1.0, 3, [0, 1, 2]), (0.0, 9, [])],
)
def test_places_are_spread_evenly(share: float, n: int, expected: list[int]) -> None:
    assert places(share, n) == expected


def test_a_new_item_stands_before_those_who_buy_its_category(corner_shop) -> None:
    shop = corner_shop.after(STOUT)
    shelf = shop.ask(Placement.HOME, DRINKS, n=4, reranking=NEW)
    ids = shop.ids(shelf)
    assert ids[2] == "stout"
    assert shelf.items[2].retriever == "new-items"
    assert shelf.items[2].reason == Reason(ReasonCode.NEW_IN_CATEGORY, category="Drinks > Beer")
    assert shelf.items[2].score <= shelf.items[1].score
    assert "stout" not in shop.ids(shop.ask(Placement.HOME, EATS, n=4, reranking=NEW))


def test_the_others_keep_their_order(corner_shop) -> None:
    shop = corner_shop.after(STOUT)
    without = shop.ids(shop.ask(Placement.HOME, DRINKS, n=100))
    ids = shop.ids(shop.ask(Placement.HOME, DRINKS, n=100, reranking=NEW))
    assert sorted(ids) == sorted(without), "each item once"
    assert [each for each in ids if each != "stout"] == [x for x in without if x != "stout"]


def test_a_shelf_of_arrivals_is_filled_up(corner_shop) -> None:
    shop = corner_shop.after(STOUT)
    all_new = shop.ask(Placement.HOME, DRINKS, n=4, reranking=Reranking(new_items=1.0))
    assert shop.ids(all_new)[0] == "stout"
    assert len(all_new.items) == 4


def test_a_known_item_has_no_such_place(corner_shop) -> None:
    """Ale is what a third of those who drink beer buy: it stands where its score puts it."""
    plain = corner_shop.ask(Placement.HOME, DRINKS, n=100)
    assert corner_shop.ask(Placement.HOME, DRINKS, n=100, reranking=NEW) == plain


def test_a_price_counts_at_once_and_finds_no_new_items_again(corner_shop) -> None:
    """Two new beers without a price stand as they came; the second gets one, and passes."""
    beer = {"product_type": "Drinks > Beer"}
    before = corner_shop.after(
        (Change.PUT, "porter", {"id": "porter", "title": "porter", **beer}),
        (Change.PUT, "pale", {"id": "pale", "title": "pale", **beer}),
    )

    def order(shop) -> list[str]:
        shelf = shop.ask(Placement.HOME, DRINKS, n=4, reranking=Reranking(new_items=1.0))
        return [each for each in shop.ids(shelf) if each in ("porter", "pale")]

    assert order(before) == ["porter", "pale"]
    after = before.after((Change.PATCH, "pale", {"price": 2.0}))
    assert order(after) == ["pale", "porter"]
    assert _unknown(after.catalogue) is _unknown(before.catalogue)
