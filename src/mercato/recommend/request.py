"""What a shelf is asked for, all that its answer depends on, and the answer."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.filters import parse
from mercato.core.columns import PRODUCT_TYPE, STORE_ID, Event, Placement
from mercato.core.errors import BadInput
from mercato.core.history import Interactions
from mercato.models import Models
from mercato.ranking.bandits.shelf_order import Learner
from mercato.ranking.reasons import Reason
from mercato.ranking.rules.browsed import named
from mercato.ranking.rules.effects import NO_EFFECTS, Effects
from mercato.ranking.shelf_ranker import ShelfRankers
from mercato.recommend.reranking.settings import AS_RANKED, Reranking

MOST_ITEMS = 100

NARROWED_BY: Mapping[Placement, str] = {
    Placement.CATEGORY: PRODUCT_TYPE,
    Placement.STORE: STORE_ID,
}
"""Placements that are shelves of one value of a field, which a filter has to name."""


@dataclass(frozen=True)
class Sought:
    """What a shopper searched for in vain.

    meaning    : (d,) float32, the vector of the words; None where the release has no encoder
    categories : (path, chance) of those that the words ask for, the likeliest first
    """

    meaning: NDArray[np.float32] | None = None
    categories: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class ShelfRequest:
    """Rows are those of the context's catalogue.

    filters  : all must hold, see `catalogue.filters`
    item_row : the item that is looked at
    cart     : rows of the items in the basket
    distinct : one item of each group
    sought   : of a search that found nothing
    """

    placement: Placement
    n: int = 20
    filters: tuple[str, ...] = ()
    item_row: int | None = None
    cart: tuple[int, ...] = ()
    distinct: bool = False
    sought: Sought | None = None

    def check(self) -> None:
        """Raise BadInput where n is out of range or the placement lacks its item or filter."""
        if not 1 <= self.n <= MOST_ITEMS:
            raise BadInput(f"n from 1 to {MOST_ITEMS}", str(self.n), "Ask for fewer items.")
        if self.item_row is None and self.placement in (
            Placement.ITEM_SIMILAR,
            Placement.ITEM_TOGETHER,
        ):
            raise BadInput(f"an item with {self.placement}", "none", "Name the item shown.")
        field = NARROWED_BY.get(self.placement)
        if field and not any(list(named(parse(each), field)) for each in self.filters):
            raise BadInput(
                f"a filter on {field} with {self.placement}", "none", f'Add one: {field}:"…"'
            )


@dataclass(frozen=True)
class LateEvent:
    """An event with an item newer than the release, which interactions cannot hold.

    ts : microseconds since 1970 UTC, on the shop's clock
    said : its pieces or stars, see `Interactions`
    """

    row: int
    event: Event
    ts: int
    said: float = 1.0


@dataclass(frozen=True)
class ShelfContext:
    """All that an answer depends on besides the request.

    shopper     : events of the one shopper, items as base rows
    recent_rows : rows touched in this session, oldest first
    now         : microseconds since 1970 UTC, on the shop's clock
    late        : the shopper's events with items newer than the release
    effects     : of the merchandising rules that hold on shelves; what they hide is not shown
    reranking   : what the merchant asks of the order in which candidates are picked
    seed        : of what is left to chance, where the merchant explores
    rankers     : of the release; None where it has none
    order       : bandit that fills the places; None where the candidates' own order stands
    """

    catalogue: Catalogue
    shopper: Interactions
    recent_rows: tuple[int, ...]
    now: int
    models: Models
    late: tuple[LateEvent, ...] = ()
    effects: Effects = NO_EFFECTS
    reranking: Reranking = AS_RANKED
    seed: int = 0
    rankers: ShelfRankers | None = None
    order: Learner | None = None


@dataclass(frozen=True)
class ShelfItem:
    """score : 0 to 1, not rising along a shelf; that of its place, where it came there otherwise
    retriever  : what proposed the item
    ranked     : whether the release's ranker put it in its place
    propensity : the chance that it stands where it stands
    features   : what a bandit chose it by; none where none did
    """

    row: int
    score: float
    reason: Reason
    retriever: str
    ranked: bool = False
    propensity: float = 1.0
    features: tuple[float, ...] = ()


@dataclass(frozen=True)
class Shelf:
    """``fallback`` names the last retriever that had to fill the shelf; None where none had to."""

    items: tuple[ShelfItem, ...]
    fallback: str | None
