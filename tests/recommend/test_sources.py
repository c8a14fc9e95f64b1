"""What a shelf starts from, by hand."""

from typing import Any

import pytest

from mercato.core.columns import Event, Placement
from mercato.core.history import MICROSECONDS_PER_DAY
from mercato.recommend import LateEvent, ShelfContext, ShelfRequest, sources
from mercato.recommend.asked import Asked
from mercato.recommend.sources import From


def found(shop: Any, start: From, did: list[Any], **asked: Any) -> dict[str, float]:
    """Item id → weight, in the order of the sources."""
    late = [LateEvent(shop.row(id_), *rest) for id_, *rest in asked.pop("late", [])]
    events = [(0, day, shop.row(id_), *kind) for day, id_, *kind in did]
    context = ShelfContext(
        catalogue=shop.catalogue,
        shopper=shop.log_of(events, shop.catalogue.n_base, n_users=1),
        recent_rows=shop.rows(*asked.pop("recent", [])),
        now=100 * MICROSECONDS_PER_DAY,
        models=shop.models,
        late=tuple(late),
    )
    got = start(Asked(ShelfRequest(Placement.HOME, **asked), context))
    return dict(zip(shop.catalogue.ids(got.rows), got.weights.tolist(), strict=True))


def test_the_session_fades_backwards(corner_shop) -> None:
    weights = found(corner_shop, sources.the_session, [], recent=["jam", "beer", "jam", "ale"])
    # Jam was touched again after beer.
    assert weights == pytest.approx({"beer": 0.8**2, "jam": 0.8, "ale": 1})
    assert list(weights) == ["beer", "jam", "ale"]


def test_the_session_without_what_was_bought(corner_shop) -> None:
    recent = ["jam", "beer", "ale"]
    weights = found(corner_shop, sources.the_session_unbought, [(99, "ale")], recent=recent)
    assert weights == pytest.approx({"jam": 0.8, "beer": 1})


def test_the_past_is_what_was_touched_last(corner_shop) -> None:
    days = ["soap", "bread", "jam", "honey", "butter", "beer", "bread"]
    did = list(enumerate(days))
    weights = found(corner_shop, sources.the_past, did)
    assert weights == pytest.approx(
        {"jam": 0.8**4, "honey": 0.8**3, "butter": 0.8**2, "beer": 0.8, "bread": 1}
    )


def test_the_past_knows_new_items_and_what_was_dismissed(corner_shop) -> None:
    weights = found(
        corner_shop,
        sources.the_past,
        [(1, "bread"), (2, "jam"), (3, "jam", Event.DISMISS)],
        late=[("beer", Event.VIEW_ITEM, 4)],
    )
    assert list(weights) == ["bread", "beer"]


def test_the_basket_weighs_all_alike(corner_shop) -> None:
    cart = corner_shop.rows("jam", "beer", "jam")
    assert found(corner_shop, sources.the_cart, [], cart=cart) == {"jam": 1, "beer": 1}


def test_the_item(corner_shop) -> None:
    row = corner_shop.row("jam")
    assert found(corner_shop, sources.the_item, [], item_row=row) == {"jam": 1}
    assert found(corner_shop, sources.the_item, []) == {}
