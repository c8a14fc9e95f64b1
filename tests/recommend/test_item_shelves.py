"""Shelves beside an item and beside the basket."""

from mercato.core.changes import Change
from mercato.core.columns import Placement
from mercato.ranking.reasons import Reason, ReasonCode

STOUT = (Change.PUT, "stout", {"id": "stout", "title": "ale", "product_type": "Drinks > Beer"})


def test_similar_is_what_reads_alike(corner_shop) -> None:
    shelf = corner_shop.ask(Placement.ITEM_SIMILAR, item="beer", n=3)
    assert corner_shop.ids(shelf)[0] == "ale"
    assert shelf.items[0].reason == Reason(ReasonCode.SIMILAR_TO, item="beer")
    assert shelf.items[0].retriever == "content"


def test_similar_shows_no_variant_of_the_item(corner_shop) -> None:
    ids = corner_shop.ids(corner_shop.ask(Placement.ITEM_SIMILAR, item="crisps", n=100))
    assert ids[0] == "nuts"
    assert "crisps-xl" not in ids


def test_similar_finds_new_items_and_serves_them(corner_shop) -> None:
    shop = corner_shop.after(STOUT)
    assert "stout" in shop.ids(shop.ask(Placement.ITEM_SIMILAR, item="beer", n=2))
    assert shop.ids(shop.ask(Placement.ITEM_SIMILAR, item="stout", n=1)) == ["ale"]


def test_similar_without_vectors_is_the_category(wordless_shop) -> None:
    shelf = wordless_shop.ask(Placement.ITEM_SIMILAR, item="jam", n=1)
    assert wordless_shop.ids(shelf) == ["honey"]
    expected = Reason(ReasonCode.POPULAR_IN_CATEGORY, category="Food > Spreads")
    assert shelf.items[0].reason == expected


def test_together_is_what_shares_the_basket(corner_shop) -> None:
    shelf = corner_shop.ask(Placement.ITEM_TOGETHER, item="jam", n=3)
    ids = corner_shop.ids(shelf)
    assert set(ids) == {"bread", "butter", "honey"}
    # Honey stands in the same category, and in fewer baskets.
    assert ids[2] == "honey"
    assert {item.reason for item in shelf.items} == {Reason(ReasonCode.BOUGHT_TOGETHER, item="jam")}
    assert [item.retriever for item in shelf.items] == ["complements", "complements", "item-knn"]


def test_together_prefers_other_categories(corner_shop) -> None:
    """Beer and crisps share all baskets of nuts, ale a third of them; but crisps are snacks too."""
    shelf = corner_shop.ask(Placement.ITEM_TOGETHER, item="nuts", n=3)
    assert corner_shop.ids(shelf) == ["beer", "ale", "crisps"]


def test_together_of_a_new_item_falls_back(corner_shop) -> None:
    shop = corner_shop.after(STOUT)
    shelf = shop.ask(Placement.ITEM_TOGETHER, item="stout", n=3)
    assert shop.ids(shelf)[0] == "ale"
    assert shelf.items[0].retriever == "content"
    assert shelf.fallback == "popularity"


def test_cart_sums_over_its_items(corner_shop) -> None:
    shelf = corner_shop.ask(Placement.CART, cart=["bread", "jam", "beer"], n=2)
    # Butter goes with two of the three; crisps and nuts with one.
    assert corner_shop.ids(shelf)[0] == "butter"
    assert shelf.items[0].reason.code == ReasonCode.BOUGHT_TOGETHER
    assert shelf.items[0].reason.item in ("bread", "jam")


def test_an_empty_cart_is_answered_from_the_past(corner_shop) -> None:
    shelf = corner_shop.ask(Placement.CART, [(90, "bread")], n=3)
    assert corner_shop.ids(shelf)[0] == "bread"
    assert shelf.items[0].retriever == "repeat-purchase"
    assert set(corner_shop.ids(shelf)[1:]) == {"jam", "butter"}
    assert shelf.fallback == "ease"


def test_similar_prefers_the_same_category(corner_shop) -> None:
    """Another jam from no category reads nearer than honey, which is a spread as jam is."""
    shop = corner_shop.after((Change.PUT, "jelly", {"id": "jelly", "title": "jam"}))
    assert shop.ids(shop.ask(Placement.ITEM_SIMILAR, item="jam", n=2)) == ["honey", "jelly"]
