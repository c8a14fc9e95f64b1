"""Each placement's retrievers, their order, and what never stands there."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mercato.core.columns import Placement
from mercato.recommend import sources
from mercato.recommend.retrieval import Retriever
from mercato.recommend.retrievers.category import CATEGORY
from mercato.recommend.retrievers.complements import COMPLEMENTS
from mercato.recommend.retrievers.content import content
from mercato.recommend.retrievers.ease import EASE, EASE_OVER_POPULARITY
from mercato.recommend.retrievers.item_knn import item_knn
from mercato.recommend.retrievers.new_items import NEW_ITEMS
from mercato.recommend.retrievers.popularity import POPULARITY
from mercato.recommend.retrievers.query_category import QUERY_CATEGORY
from mercato.recommend.retrievers.query_meaning import QUERY_MEANING
from mercato.recommend.retrievers.repeat_purchase import REPEAT_PURCHASE
from mercato.recommend.retrievers.session_knn import session_knn
from mercato.recommend.retrievers.substitutes import SUBSTITUTES


class Excluded(StrEnum):
    BOUGHT = "bought"
    """What the shopper ever bought."""
    CART = "cart"
    """What is in the basket."""
    ASKED = "asked"
    """The item that is looked at, and its group."""


@dataclass(frozen=True)
class Part:
    """weight : of the retriever's scores, which are divided by their greatest"""

    retriever: Retriever
    weight: float = 1.0


@dataclass(frozen=True)
class Stage:
    """Retrievers whose scores are added up. What a stage leaves empty, the next one fills.

    when_empty : asked only where no stage before had anything
    """

    parts: tuple[Part, ...]
    when_empty: bool = False

    @property
    def name(self) -> str:
        return self.parts[0].retriever.name


@dataclass(frozen=True)
class Rules:
    """same_category : factor on items of the leaf category of the item that is looked at
    arrivals      : has places of its own for what hardly anybody bought yet, which the first stage
                    then leaves to it where nobody ever did; None: no such places
    """

    stages: tuple[Stage, ...]
    excluded: frozenset[Excluded]
    same_category: float = 1.0
    arrivals: Stage | None = None


def _stage(*parts: tuple[Retriever, float], when_empty: bool = False) -> Stage:
    return Stage(tuple(Part(*part) for part in parts), when_empty)


_SESSION = (
    (item_knn(sources.the_session_unbought), 0.5),
    (content(sources.the_session_unbought), 0.5),
)
"""What the session says, against 1 for all of the past. Assumed, until sessions are measured. What
was bought in it is part of the past: the wish is fulfilled, and after one purchase on the demo its
neighbours at this weight find .098 of what else is bought, without them .13."""

_ARRIVALS = _stage((NEW_ITEMS, 1.0))

_NEW_TO_THE_SHOPPER = (
    _stage((EASE_OVER_POPULARITY, 1.0), *_SESSION),
    _stage((item_knn(sources.the_past), 1.0)),
    _ARRIVALS,
    _stage((content(sources.the_past), 1.0)),
    _stage((POPULARITY, 1.0)),
)

_NARROWED = Rules(
    stages=(
        _stage((REPEAT_PURCHASE, 1.0), (EASE, 0.3), (POPULARITY, 0.1), *_SESSION),
        _ARRIVALS,
        _stage((POPULARITY, 1.0)),
    ),
    excluded=frozenset({Excluded.CART}),
    arrivals=_ARRIVALS,
)
"""The best of a part of the shop, whether the shopper knows it or not."""

PLACEMENTS: Mapping[Placement, Rules] = {
    Placement.HOME: Rules(
        stages=_NEW_TO_THE_SHOPPER,
        excluded=frozenset({Excluded.BOUGHT, Excluded.CART}),
        arrivals=_ARRIVALS,
    ),
    Placement.BUY_AGAIN: Rules(
        stages=(
            _stage((REPEAT_PURCHASE, 1.0)),
            _stage((POPULARITY, 1.0), when_empty=True),
        ),
        excluded=frozenset({Excluded.CART}),
    ),
    Placement.ITEM_SIMILAR: Rules(
        stages=(
            _stage(
                (content(sources.the_item), 1.0),
                (SUBSTITUTES, 1.0),
                (CATEGORY, 0.05),
            ),
            _stage((POPULARITY, 1.0)),
        ),
        excluded=frozenset({Excluded.ASKED, Excluded.CART}),
        same_category=1.2,
    ),
    Placement.ITEM_TOGETHER: Rules(
        stages=(
            _stage((COMPLEMENTS, 1.0)),
            _stage((item_knn(sources.the_item), 1.0)),
            _stage((content(sources.the_item), 1.0)),
            _stage((POPULARITY, 1.0)),
        ),
        excluded=frozenset({Excluded.ASKED, Excluded.CART}),
        same_category=0.5,
    ),
    Placement.CART: Rules(
        stages=(
            _stage(
                (item_knn(sources.the_cart), 1.0),
                (session_knn(sources.the_cart), 1.0),
                (REPEAT_PURCHASE, 1.0),
            ),
            _stage((EASE, 1.0)),
            _stage((content(sources.the_cart), 1.0)),
            _stage((POPULARITY, 1.0)),
        ),
        excluded=frozenset({Excluded.CART}),
    ),
    Placement.CATEGORY: _NARROWED,
    Placement.STORE: _NARROWED,
    Placement.ZERO_RESULTS: Rules(
        stages=(
            _stage((QUERY_MEANING, 1.0), (QUERY_CATEGORY, 0.5)),
            *_NEW_TO_THE_SHOPPER,
        ),
        excluded=frozenset({Excluded.CART}),
    ),
    Placement.EMAIL: Rules(
        stages=(
            _stage((REPEAT_PURCHASE, 1.0), (EASE, 0.2)),
            _stage((POPULARITY, 1.0)),
        ),
        excluded=frozenset({Excluded.CART}),
        arrivals=_ARRIVALS,
    ),
}
"""The factors of ``same_category`` and the weights of ``item-similar`` are assumed, those of
``category``, ``store`` and ``email`` chosen on November 2017 of Complete Journey."""

LAST_RESORT = _stage((POPULARITY, 1.0))
"""Where everything left was bought or is in the basket: popularity among all of it."""
