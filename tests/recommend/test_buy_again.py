"""Buy again: the shopper's own items, by how likely each is next."""

from mercato.core.changes import Change
from mercato.core.columns import Event, Placement
from mercato.core.history import MICROSECONDS_PER_DAY
from mercato.ranking.reasons import Reason, ReasonCode

FIGS = (Change.PUT, "figs", {"id": "figs", "title": "figs"})


def test_own_items_with_times_and_last(corner_shop) -> None:
    did = [
        (10, "butter"),
        (60, "bread"),
        (60, "bread"),
        (80, "bread"),
        (95, "beer", Event.VIEW_ITEM),
    ]
    shelf = corner_shop.ask(Placement.BUY_AGAIN, did)
    assert corner_shop.ids(shelf) == ["bread", "butter"]
    assert [item.reason for item in shelf.items] == [
        # Two lines of day 60 are one occasion.
        Reason(ReasonCode.BOUGHT_BEFORE, times=2, last_ts=80 * MICROSECONDS_PER_DAY),
        Reason(ReasonCode.BOUGHT_BEFORE, times=1, last_ts=10 * MICROSECONDS_PER_DAY),
    ]
    assert {item.retriever for item in shelf.items} == {"repeat-purchase"}
    assert shelf.fallback is None


def test_a_purchase_moves_in_at_once(corner_shop) -> None:
    before = [(60, "bread")]
    assert corner_shop.ids(corner_shop.ask(Placement.BUY_AGAIN, before)) == ["bread"]
    after = corner_shop.ask(Placement.BUY_AGAIN, [*before, (99.9, "jam")])
    assert corner_shop.ids(after) == ["jam", "bread"]


def test_no_fixed_cooling_down(corner_shop) -> None:
    """What was bought an hour ago is still there: much of it is bought again within days."""
    shelf = corner_shop.ask(Placement.BUY_AGAIN, [(99.95, "bread")])
    assert corner_shop.ids(shelf) == ["bread"]


def test_the_very_product_that_was_bought(corner_shop) -> None:
    did = [(80, "crisps"), (99, "crisps-xl"), (99, "bread")]
    assert set(corner_shop.ids(corner_shop.ask(Placement.BUY_AGAIN, did))) == {
        "crisps",
        "crisps-xl",
        "bread",
    }
    cards = corner_shop.ids(corner_shop.ask(Placement.BUY_AGAIN, did[1:], distinct=True))
    assert set(cards) == {"crisps-xl", "bread"}
    # The first of its group in the catalogue was never bought: it is not put in its place.
    assert len(corner_shop.ids(corner_shop.ask(Placement.BUY_AGAIN, did, distinct=True))) == 2


def test_an_item_newer_than_the_release(corner_shop) -> None:
    shop = corner_shop.after(FIGS)
    late = [("figs", Event.PURCHASE, 99.0), ("figs", Event.PURCHASE, 99.5)]
    shelf = shop.ask(Placement.BUY_AGAIN, [(10, "soap")], late=late)
    assert shop.ids(shelf) == ["figs", "soap"]
    last = round(99.5 * MICROSECONDS_PER_DAY)
    assert shelf.items[0].reason == Reason(ReasonCode.BOUGHT_BEFORE, times=2, last_ts=last)
    # It is no longer new to the shopper, and hidden once dismissed.
    assert "figs" not in shop.ids(shop.ask(Placement.HOME, late=late, n=100))
    dismissed = [*late, ("figs", Event.DISMISS, 99.6)]
    assert shop.ids(shop.ask(Placement.BUY_AGAIN, [(10, "soap")], late=dismissed)) == ["soap"]


def test_who_bought_nothing_sees_what_is_popular(corner_shop) -> None:
    shelf = corner_shop.ask(Placement.BUY_AGAIN, n=3)
    assert len(shelf.items) == 3
    assert shelf.fallback == "popularity"


def test_what_came_after_the_release_is_newer(corner_shop) -> None:
    """Bread and jam are bought alike by all; a month after the release the newer one leads."""
    did = [(100, "bread"), (130, "jam")]
    shelf = corner_shop.ask(Placement.BUY_AGAIN, did, today=130)
    assert corner_shop.ids(shelf) == ["jam", "bread"]
