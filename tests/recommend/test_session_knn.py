"""Baskets like the one that a shelf starts from, in the corner shop."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mercato.core.columns import Placement
from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.core.progress import Silent
from mercato.models.session_knn import SessionKnn
from mercato.ranking.reasons import ReasonCode
from mercato.recommend import ShelfContext, ShelfRequest, sources
from mercato.recommend.asked import Asked
from mercato.recommend.retrievers.session_knn import session_knn

AS_OF = 100 * MICROSECONDS_PER_DAY
CART = session_knn(sources.the_cart)


@pytest.fixture(scope="module")
def asked(corner_shop: Any, log_of: Callable[..., Interactions]) -> Callable[..., Asked]:
    """``asked("jam", "beer", recent=["ale"])``: with that in the basket."""
    row = corner_shop.row
    baskets = [["bread", "jam", "butter"]] * 9 + [["bread", "jam"]] * 3 + [["beer", "crisps"]] * 4
    done = [(shopper, 50, row(id_)) for shopper, each in enumerate(baskets) for id_ in each]
    log = log_of(done, corner_shop.catalogue.n_base)
    with Silent().step("fit") as step:
        models = replace(corner_shop.models, session_knn=SessionKnn().fit(log, AS_OF, step))

    def ask(*cart: str, recent: tuple[str, ...] = (), fitted: bool = True) -> Asked:
        context = ShelfContext(
            catalogue=corner_shop.catalogue,
            shopper=Interactions.empty(corner_shop.catalogue.n_base),
            recent_rows=corner_shop.rows(*recent),
            now=AS_OF,
            models=models if fitted else replace(models, session_knn=None),
        )
        return Asked(ShelfRequest(Placement.CART, cart=corner_shop.rows(*cart)), context)

    return ask


def proposed(asked: Asked, retriever: Any = CART) -> list[str]:
    rows, scores = retriever.propose(asked, asked.shown, 100)
    return asked.catalogue.ids(rows[np.argsort(-scores, kind="stable")])


def test_what_like_baskets_went_on_with(asked: Callable[..., Asked]) -> None:
    found = proposed(asked("jam"))
    assert set(found) == {"bread", "jam", "butter"}
    assert found.index("bread") < found.index("butter")


def test_nothing_without_a_basket_or_without_the_model(asked: Callable[..., Asked]) -> None:
    assert proposed(asked()) == []
    assert proposed(asked("jam", fitted=False)) == []


def test_only_what_is_allowed(asked: Callable[..., Asked], corner_shop: Any) -> None:
    one = asked("jam")
    may = one.shown.copy()
    may[corner_shop.row("bread")] = False
    assert "bread" not in one.catalogue.ids(CART.propose(one, may, 100).rows)


def test_the_reason_is_the_item_of_the_basket(
    asked: Callable[..., Asked], corner_shop: Any
) -> None:
    told = CART.reasons(asked("jam", "beer"), np.array(corner_shop.rows("butter", "crisps")))
    assert [(each.code, each.item) for each in told] == [
        (ReasonCode.BOUGHT_TOGETHER, "jam"),
        (ReasonCode.BOUGHT_TOGETHER, "beer"),
    ]


def test_the_newest_of_a_session_says_most(asked: Callable[..., Asked]) -> None:
    session = session_knn(sources.the_session)
    best = {"beer": "crisps", "jam": "bread"}
    for order in (("jam", "beer"), ("beer", "jam")):
        one = asked(recent=order)
        found = [id_ for id_ in proposed(one, session) if id_ not in order]
        assert found[0] == best[order[-1]]
