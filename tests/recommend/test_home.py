"""Home: what is new to the shopper, from what shoppers like them buy and what they do now."""

from mercato.core.changes import Change
from mercato.core.columns import Event, Placement
from mercato.ranking.reasons import Reason, ReasonCode

BREAKFAST = [(90, "bread"), (90, "jam")]


def test_what_shoppers_of_the_same_buy_and_why(corner_shop) -> None:
    """All who buy bread and jam buy butter; of the rest only some buy honey."""
    shelf = corner_shop.ask(Placement.HOME, [(50, "jam"), (99, "bread")], n=2)
    assert corner_shop.ids(shelf) == ["butter", "honey"]
    assert [item.retriever for item in shelf.items] == ["ease", "ease"]
    # Bread was bought later than jam and goes with butter as often: it counted most.
    assert shelf.items[0].reason == Reason(ReasonCode.BECAUSE_BOUGHT, item="bread")
    assert shelf.fallback is None


def test_looking_is_not_told_as_buying(corner_shop) -> None:
    did = [(99, "beer", Event.VIEW_ITEM), (99, "beer", Event.ADD_TO_CART)]
    shelf = corner_shop.ask(Placement.HOME, did, n=1)
    assert shelf.items[0].reason == Reason(ReasonCode.BECAUSE_VIEWED, item="beer")


def test_nothing_that_was_ever_bought(corner_shop) -> None:
    did = [(1, "butter"), *BREAKFAST, (99, "honey", Event.VIEW_ITEM)]
    ids = corner_shop.ids(corner_shop.ask(Placement.HOME, did, n=100))
    assert not {"butter", "bread", "jam"} & set(ids)
    assert "honey" in ids


def test_distinct_leaves_out_the_groups_of_what_was_bought(corner_shop) -> None:
    did = [(90, "crisps")]
    assert "crisps-xl" in corner_shop.ids(corner_shop.ask(Placement.HOME, did, n=100))
    cards = corner_shop.ask(Placement.HOME, did, n=100, distinct=True)
    assert not {"crisps", "crisps-xl"} & set(corner_shop.ids(cards))


def test_the_session_counts_in_the_next_answer(corner_shop) -> None:
    before = corner_shop.ids(corner_shop.ask(Placement.HOME, BREAKFAST, n=3))
    did = [*BREAKFAST, (99.9, "beer", Event.VIEW_ITEM)]
    after = corner_shop.ask(Placement.HOME, did, recent=["beer"], n=3)
    assert "crisps" not in before
    assert "ale" not in before
    found = dict(zip(corner_shop.ids(after), after.items, strict=True))
    assert found["crisps"].reason == Reason(ReasonCode.BOUGHT_TOGETHER, item="beer")
    assert found["crisps"].retriever == "item-knn"
    # What the shopper likes for long is still there.
    assert "butter" in found


def test_what_reads_like_what_is_looked_at(corner_shop) -> None:
    """Nobody bought the new item yet, and what it reads like comes up at once."""
    shop = corner_shop.after((Change.PUT, "stout", {"id": "stout", "title": "ale"}))
    assert "ale" not in shop.ids(shop.ask(Placement.HOME, BREAKFAST, n=4))
    shelf = shop.ask(Placement.HOME, BREAKFAST, recent=["stout"], n=4)
    found = dict(zip(shop.ids(shelf), shelf.items, strict=True))
    assert found["ale"].reason == Reason(ReasonCode.SIMILAR_TO, item="stout")
    assert found["ale"].retriever == "content"


def test_what_was_just_bought_is_not_sought_again(corner_shop) -> None:
    """Who has bought beer in this session is shown what goes with it, not another beer."""
    did = [(99.9, "beer")]
    shelf = corner_shop.ask(Placement.HOME, did, recent=["beer"], n=100)
    reasons = {item.reason.code for item in shelf.items if item.reason.item == "beer"}
    assert ReasonCode.BOUGHT_TOGETHER in reasons or ReasonCode.BECAUSE_BOUGHT in reasons
    assert ReasonCode.SIMILAR_TO not in reasons


def test_a_new_shopper_sees_what_is_popular(corner_shop) -> None:
    shelf = corner_shop.ask(Placement.HOME, n=3)
    # Forty shoppers each; rows stand as the catalogue has them.
    assert corner_shop.ids(shelf) == ["bread", "jam", "butter"]
    assert {item.reason for item in shelf.items} == {Reason(ReasonCode.POPULAR, shoppers=40)}
    assert shelf.fallback == "popularity"


def test_evidence_that_is_no_longer_sold_is_not_named(corner_shop) -> None:
    shop = corner_shop.after((Change.DELETE, "bread", {}))
    shelf = shop.ask(Placement.HOME, [(99, "bread")], n=1)
    assert shop.ids(shelf) == ["jam"] or shop.ids(shelf) == ["butter"]
    assert shelf.items[0].reason == Reason(ReasonCode.BECAUSE_BOUGHT)


def test_who_bought_everything_still_sees_something(corner_shop) -> None:
    did = [(90, item) for item in ("bread", "jam")]
    shelf = corner_shop.ask(Placement.HOME, did, filters=("id:bread OR id:jam",))
    assert set(corner_shop.ids(shelf)) == {"bread", "jam"}
    assert shelf.fallback == "popularity"


def test_what_was_dismissed_tells_nothing(corner_shop) -> None:
    shelf = corner_shop.ask(Placement.HOME, [(99.9, "beer", Event.DISMISS)], recent=["beer"], n=100)
    assert {item.reason.item for item in shelf.items} == {None}


def test_nothing_is_told_by_itself(corner_shop) -> None:
    shelf = corner_shop.ask(Placement.HOME, BREAKFAST, recent=["beer", "ale"], n=100)
    told = dict(zip(corner_shop.ids(shelf), shelf.items, strict=True))
    assert "beer" in told
    assert all(item.reason.item != shown for shown, item in told.items())


def test_a_changed_item_keeps_its_place(corner_shop) -> None:
    shop = corner_shop.after((Change.PATCH, "bread", {"price": 2.0}))
    assert shop.ids(shop.ask(Placement.HOME, n=3)) == ["bread", "jam", "butter"]


def test_what_came_after_the_release_is_newer(corner_shop) -> None:
    """A month after the release was built, its last day is a month ago."""
    did = [(99, "beer"), (130, "bread")]
    ids = corner_shop.ids(corner_shop.ask(Placement.HOME, did, today=130, n=4))
    assert set(ids[:2]) == {"jam", "butter"}
    did = [(99, "bread"), (130, "beer")]
    ids = corner_shop.ids(corner_shop.ask(Placement.HOME, did, today=130, n=4))
    assert set(ids[:2]) == {"crisps", "nuts"}


def test_little_is_said_low(corner_shop) -> None:
    """After one look at ale, which few buy, what most shoppers buy comes before what its buyers
    buy; after months of beer it does not."""
    looked = corner_shop.ids(corner_shop.ask(Placement.HOME, [(99, "ale", Event.VIEW_ITEM)], n=3))
    assert set(looked) & {"bread", "jam", "butter"}
    drinks = [(day, item) for day in range(40, 100, 7) for item in ("ale", "beer")]
    regular = corner_shop.ids(corner_shop.ask(Placement.HOME, drinks, n=2))
    assert set(regular) <= {"crisps", "nuts"}
