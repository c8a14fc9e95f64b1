"""Whether a reason is true: what is left of an item's score without the evidence that it names.

The evidence is taken away as if it had never been: the shopper's events with an item, an item
beside which the shelf stands, the shoppers who made something popular, the words of a search. The
same retrievers are then asked for the same item again, each still counted by the greatest score
that it gave before.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mercato.ranking.reasons import ReasonCode
from mercato.ranking.shelf_ranker import ShelfRanker
from mercato.recommend.asked import Asked, Rows
from mercato.recommend.categories import NO_CATEGORY, all_leaves, category_path
from mercato.recommend.placements import LAST_RESORT, PLACEMENTS, Stage
from mercato.recommend.pool import gather, pairs_of
from mercato.recommend.request import ShelfItem
from mercato.recommend.retrieval import Allowed
from mercato.recommend.shelves import may_stand

_MANY = 1_000
"""Rows among which a retriever's greatest score is sought."""


class Standing(NamedTuple):
    """An item's score with and without what its reason names; 0: it is not proposed any more."""

    told: float
    untold: float

    @property
    def falls(self) -> bool:
        return self.untold < self.told


def standing(asked: Asked, item: ShelfItem) -> Standing:
    """Of an item on a shelf that was answered to ``asked``; its reason names some evidence.

    What a ranker says follows from all of a shopper's events at once, and of other shoppers from
    the release's facts: where its score does not fall without the events named, or none are, the
    features that the reason stands for are taken away instead, see `ShelfRanker.moved`.
    """
    if item.ranked:
        by_events = by_events_alone(asked, item)
        return by_events if by_events.falls else _without_features(asked, item)
    without = _BY_CODE[item.reason.code](asked, item)
    allowed = asked.shown
    stage = _stage_of(asked, item, allowed)
    tops = [
        max(part.retriever.propose(asked, allowed, _MANY).scores, default=1.0)
        for part in stage.parts
    ]
    weights = np.array([part.weight for part in stage.parts]) / np.array(tops)
    return Standing(
        float(weights @ _scores(asked, stage, item.row)),
        float(weights @ _scores(without, stage, item.row)),
    )


def by_events_alone(asked: Asked, item: ShelfItem) -> Standing:
    """Of an item that a ranker has brought: its chance with and without the events named."""
    without = _BY_CODE[item.reason.code](asked, item)
    return Standing(_chance(asked, item.row), _chance(without, item.row))


def _without_features(asked: Asked, item: ShelfItem) -> Standing:
    """In log odds, without the group of features that lifts the item most of those which the
    reason may stand for."""
    ranker, values = _ranked(asked, item.row)
    if values is None:
        return Standing(0.0, 0.0)
    moved = ranker.moved(values)[0]
    names = GROUPS[item.reason.code]
    told = [float(by) for (name, _), by in zip(ranker.groups, moved, strict=True) if name in names]
    log_odds = float(ranker.score(values)[0])
    return Standing(log_odds, log_odds - max(told, default=0.0))


def _chance(asked: Asked, row: int) -> float:
    """What the placement's ranker says of a row; 0 where no retriever brings it."""
    ranker, values = _ranked(asked, row)
    return 0.0 if values is None else float(ranker.chances(values)[0])


def _ranked(asked: Asked, row: int) -> tuple[ShelfRanker, NDArray[np.float32] | None]:
    """The placement's ranker, and (1, n_features) of a row; None where no retriever brings it."""
    rankers, placement = asked.context.rankers, asked.request.placement
    if rankers is None:
        raise LookupError(f"no ranker of {placement}")
    allowed = may_stand(asked, PLACEMENTS[placement].excluded)
    gathered = gather(placement, asked, allowed, rankers.of[placement])
    at = np.flatnonzero(gathered.rows == row)
    if not len(at):
        return rankers.of[placement], None
    values = rankers.of[placement].values(pairs_of(asked, gathered, rankers.facts))
    return rankers.of[placement], values[at]


def _stage_of(asked: Asked, item: ShelfItem, allowed: Allowed) -> Stage:
    """The first stage in which the retriever that is named proposes the item."""
    rules = PLACEMENTS[asked.request.placement]
    arrivals = (rules.arrivals,) if rules.arrivals else ()
    stages: tuple[Stage, ...] = (*rules.stages, *arrivals, LAST_RESORT)
    for stage in stages:
        names = [part.retriever.name for part in stage.parts]
        if item.retriever in names and _scores(asked, stage, item.row)[names.index(item.retriever)]:
            return stage
    raise LookupError(f"no stage has {item.row} from {item.retriever}")


def _scores(asked: Asked, stage: Stage, row: int) -> NDArray[np.float64]:
    """(n_parts,) what each retriever gives to one row; 0 where it does not propose it."""
    only = np.zeros(asked.catalogue.n_rows, bool)
    only[row] = True
    proposals = [part.retriever.propose(asked, only, 1) for part in stage.parts]
    return np.array([float(proposal.scores.sum()) for proposal in proposals])


def without_item(asked: Asked, item: ShelfItem) -> Asked:
    """Without the shopper's events with the item named, and where the shelf does not start from
    it."""
    named = asked.catalogue.row(item.reason.item) if item.reason.item is not None else None

    def gone(rows: Rows) -> NDArray[np.bool_]:
        return np.ones(len(rows), bool) if named is None else rows == named

    return _forgetting(asked, gone)


def _without_purchases(asked: Asked, item: ShelfItem) -> Asked:
    return _forgetting(asked, lambda rows: rows == item.row)


def _without_category(asked: Asked, item: ShelfItem) -> Asked:
    """Without what the shopper did in the category, and if the shelf stands beside it."""
    leaves = all_leaves(asked.catalogue)
    codes = np.unique(leaves[leaves != NO_CATEGORY]).tolist()
    meant = [each for each in codes if category_path(asked.catalogue, each) == item.reason.category]
    return _forgetting(asked, lambda rows: np.isin(leaves[rows], meant))


def _forgetting(asked: Asked, gone: Callable[[Rows], NDArray[np.bool_]]) -> Asked:
    context, request = asked.context, asked.request
    rows = asked.catalogue.live_of[context.shopper.item].astype(np.int64)
    lost = gone(rows) & (rows >= 0)

    def kept(row: int) -> bool:
        return not bool(gone(np.array([row]))[0])

    shown = request.item_row
    return Asked(
        replace(
            request,
            item_row=shown if shown is None or kept(shown) else None,
            cart=tuple(filter(kept, request.cart)),
        ),
        replace(
            context,
            shopper=context.shopper.where(~lost),
            recent_rows=tuple(filter(kept, context.recent_rows)),
            late=tuple(event for event in context.late if kept(event.row)),
        ),
    )


def _without_shoppers(asked: Asked, item: ShelfItem) -> Asked:
    """As if nobody had bought the item lately."""
    models = asked.context.models
    shoppers = models.popularity.shoppers.copy()
    base = asked.catalogue.base_of[item.row]
    if base >= 0:
        shoppers[base] = 0
    popularity = replace(models.popularity, shoppers=shoppers)
    return Asked(
        asked.request, replace(asked.context, models=replace(models, popularity=popularity))
    )


def _without_words(asked: Asked, item: ShelfItem) -> Asked:
    return Asked(replace(asked.request, sought=None), asked.context)


_BY_CODE: Mapping[ReasonCode, Callable[[Asked, ShelfItem], Asked]] = {
    ReasonCode.BOUGHT_BEFORE: _without_purchases,
    ReasonCode.BECAUSE_BOUGHT: without_item,
    ReasonCode.BECAUSE_VIEWED: without_item,
    ReasonCode.BOUGHT_TOGETHER: without_item,
    ReasonCode.SIMILAR_TO: without_item,
    ReasonCode.VIEWED_INSTEAD: without_item,
    ReasonCode.YOUR_CATEGORY: _without_category,
    ReasonCode.NEW_IN_CATEGORY: _without_category,
    ReasonCode.POPULAR: _without_shoppers,
    ReasonCode.POPULAR_IN_CATEGORY: _without_shoppers,
    ReasonCode.NEAR_QUERY: _without_words,
}
"""`ReasonCode.ALSO_HERE` names nothing that could be taken away."""

GROUPS: Mapping[ReasonCode, frozenset[str]] = {
    ReasonCode.BOUGHT_BEFORE: frozenset({"habit", "rhythm", "repeat purchase"}),
    ReasonCode.YOUR_CATEGORY: frozenset({"kinds"}),
    ReasonCode.POPULAR: frozenset({"demand", "popularity"}),
    ReasonCode.BECAUSE_BOUGHT: frozenset({"ease"}),
    ReasonCode.BECAUSE_VIEWED: frozenset({"ease"}),
    ReasonCode.BOUGHT_TOGETHER: frozenset({"item-knn", "cart", "baskets", "session"}),
    ReasonCode.SIMILAR_TO: frozenset({"content", "cart's content", "session's content"}),
}
"""Groups of a ranker's features, by the reasons that they are told as, see `ranker`; all sources of
`pool.POOLS` are there."""
