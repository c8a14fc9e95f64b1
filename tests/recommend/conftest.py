"""A corner shop with regular customers, and its models fitted on what they did."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.vectors import quantise
from mercato.core.changes import Change, ItemChange
from mercato.core.columns import Event, Placement
from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.core.progress import Silent
from mercato.models import Models
from mercato.models.complements import Complements
from mercato.models.ease import Ease
from mercato.models.item_knn import ItemKnn
from mercato.models.personal_frequency import PersonalFrequency
from mercato.models.popularity import Popularity
from mercato.models.repeat_purchase import RepeatPurchase
from mercato.models.substitutes import Substitutes
from mercato.ranking.bandits.shelf_order import Learner
from mercato.ranking.shelf_ranker import ShelfRankers
from mercato.recommend import LateEvent, Shelf, ShelfContext, ShelfRequest, recommend
from mercato.recommend.reranking.settings import AS_RANKED, Reranking

TODAY = 100

ITEMS: list[dict[str, Any]] = [
    {"id": "bread", "title": "bread", "product_type": "Food > Bakery"},
    {"id": "jam", "title": "jam", "product_type": "Food > Spreads"},
    {"id": "honey", "title": "honey", "product_type": "Food > Spreads"},
    {"id": "butter", "title": "butter", "product_type": "Food > Dairy"},
    {"id": "beer", "title": "beer", "product_type": "Drinks > Beer"},
    {"id": "ale", "title": "ale", "product_type": "Drinks > Beer"},
    {"id": "crisps", "title": "crisps", "product_type": "Snacks", "item_group_id": "crisps"},
    {"id": "crisps-xl", "title": "crisps", "product_type": "Snacks", "item_group_id": "crisps"},
    {"id": "nuts", "title": "nuts", "product_type": "Snacks"},
    {"id": "lamp", "title": "lamp", "product_type": "Home", "availability": "out_of_stock"},
    {"id": "candle", "title": "candle", "availability": "preorder"},
    {"id": "soap", "title": "soap", "product_type": "Home", "availability": "in_stock"},
]

LIKE = {"honey": "jam", "ale": "beer", "nuts": "crisps", "soap": "candle"}
"""Titles that read alike, less than the same and more than nothing."""


def vector_of(item: Mapping[str, Any]) -> np.ndarray:
    """A direction of its own for each title, leaning to the one that it reads like."""

    def own(title: str) -> np.ndarray:
        return np.random.default_rng(sum(title.encode())).choice([-1.0, 1.0], 256)

    title = str(item["title"])
    leaning = own(LIKE[title]) if title in LIKE else 0
    return (own(title) + 2 * leaning).astype(np.float32)


def customers() -> list[tuple[Any, ...]]:
    """Forty who have breakfast, thirty who drink beer, ten who wash; all of them for months."""
    done: list[tuple[Any, ...]] = []
    for shopper in range(80):
        first = shopper % 7
        if shopper < 40:
            basket = ["bread", "jam", "butter"]
            basket += ["honey"] if shopper % 3 == 0 else []
        elif shopper < 70:
            basket = ["beer", "crisps", "nuts"] + (["ale"] if shopper % 3 == 0 else [])
        else:
            basket = ["soap", "candle", "lamp"]
        for day in range(first, TODAY, 14):
            done += [(shopper, day, item) for item in basket]
    return done


@dataclass(frozen=True)
class CornerShop:
    """A catalogue, models, and what one asks of both."""

    catalogue: Catalogue
    models: Models
    log_of: Callable[..., Interactions]
    rankers: ShelfRankers | None = None

    def row(self, item_id: str) -> int:
        row = self.catalogue.row(item_id)
        assert row is not None
        return row

    def rows(self, *item_ids: str) -> tuple[int, ...]:
        return tuple(self.row(item_id) for item_id in item_ids)

    def ask(
        self,
        placement: Placement,
        did: Sequence[tuple[Any, ...]] = (),
        *,
        recent: Sequence[str] = (),
        late: Sequence[tuple[str, Event, float]] = (),
        reranking: Reranking = AS_RANKED,
        seed: int = 0,
        order: Learner | None = None,
        today: float = TODAY,
        item: str | None = None,
        cart: Sequence[str] = (),
        **asked: Any,
    ) -> Shelf:
        """``did`` is (day, item id[, event]) of the one who asks; all items by their id."""
        base = self.catalogue.base_row
        events = [(0, each[0], base(each[1]), *each[2:]) for each in did]
        context = ShelfContext(
            catalogue=self.catalogue,
            shopper=self.log_of(events, self.catalogue.n_base, n_users=1),
            recent_rows=self.rows(*recent),
            now=round(today * MICROSECONDS_PER_DAY),
            models=self.models,
            late=tuple(
                LateEvent(self.row(id_), event, round(day * MICROSECONDS_PER_DAY))
                for id_, event, day in late
            ),
            reranking=reranking,
            seed=seed,
            order=order,
            rankers=self.rankers,
        )
        request = ShelfRequest(
            placement,
            item_row=None if item is None else self.row(item),
            cart=self.rows(*cart),
            **asked,
        )
        return recommend(request, context)

    def ids(self, shelf: Shelf) -> list[str]:
        return self.catalogue.ids(np.array([each.row for each in shelf.items], np.int64))

    def after(self, *changes: tuple[Change, str, dict[str, Any]]) -> "CornerShop":
        """The shop after live changes of items."""
        first = self.catalogue.overlay + 1
        log = [
            ItemChange(
                seq,
                change,
                item_id,
                fields,
                quantise(vector_of(fields)[None])[0].tobytes() if "title" in fields else None,
            )
            for seq, (change, item_id, fields) in enumerate(changes, first)
        ]
        return replace(self, catalogue=self.catalogue.apply(log))


def fitted(log: Interactions) -> Models:
    as_of = TODAY * MICROSECONDS_PER_DAY
    with Silent().step("fit") as step:
        return Models(
            popularity=Popularity().fit(log, as_of, step),
            personal_frequency=PersonalFrequency().fit(log, as_of, step),
            repeat_purchase=RepeatPurchase().fit(log, as_of, step),
            item_knn=ItemKnn().fit(log, as_of, step),
            ease=Ease(regularisation=5.0).fit(log, as_of, step),
            complements=Complements().fit(log, as_of, step),
            substitutes=Substitutes().fit(log, as_of, step),
        )


@pytest.fixture(scope="session")
def corner_shop(
    open_catalogue: Callable[..., Catalogue], log_of: Callable[..., Interactions]
) -> CornerShop:
    # All of them well known; they stand as they are written.
    known = {item["id"]: 80.0 - place for place, item in enumerate(ITEMS)}
    catalogue = open_catalogue(ITEMS, known, vector_of=vector_of)
    done = [(user, day, catalogue.row(item)) for user, day, item in customers()]
    return CornerShop(catalogue, fitted(log_of(done, len(ITEMS))), log_of)


@pytest.fixture(scope="session")
def wordless_shop(corner_shop: CornerShop, open_catalogue: Callable[..., Catalogue]) -> CornerShop:
    """The same without text vectors."""
    return replace(corner_shop, catalogue=open_catalogue(ITEMS))
