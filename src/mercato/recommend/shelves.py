"""A shelf, filled stage by stage: a pure function."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mercato.ranking.reasons import Reason
from mercato.recommend.asked import Asked, as_rows, without
from mercato.recommend.blending import blend
from mercato.recommend.picks import Pick
from mercato.recommend.placements import LAST_RESORT, PLACEMENTS, Excluded, Rules, Stage
from mercato.recommend.ranker import RANKER, stages_of
from mercato.recommend.request import Shelf, ShelfContext, ShelfItem, ShelfRequest
from mercato.recommend.reranking.arrivals import places, with_arrivals
from mercato.recommend.reranking.bandit import ordered
from mercato.recommend.reranking.caps import Caps
from mercato.recommend.reranking.exploration import POOL, explored
from mercato.recommend.reranking.ranked import Ranked
from mercato.recommend.reranking.rerank import rerank
from mercato.recommend.retrieval import Allowed

_LITTLE = 0.05
"""Of the items that the mean shopper knows. On the demo, shoppers of three purchases are served
better without a ranker, and those of twenty with one."""

_FEW = 1_000
"""Rows that each retriever is asked for at first; for all of them where these do not do."""


def recommend(request: ShelfRequest, context: ShelfContext) -> Shelf:
    """Fill a shelf; the same request and context always give the same shelf.

    It is empty only where no item that the filters let through can be shown. Raises BadInput for
    an n out of range, a placement without its item, a filter that cannot be read.
    """
    request.check()
    asked = Asked(request, context)
    rules = PLACEMENTS[request.placement]
    settings = context.reranking
    theirs = len(places(settings.new_items, request.n)) if rules.arrivals else 0
    wanted = request.n + theirs + (POOL if settings.explore or context.order else 0)
    allowed = may_stand(asked, rules.excluded)
    filling = _Filling(asked, allowed, rules.same_category, wanted, _caps(asked))
    stages = rules.stages if _is_new(asked) else stages_of(rules, asked)
    for stage in stages:
        if not filling.missing or (stage.when_empty and filling.picks):
            break
        filling.fill(stage, proven=stage is stages[0] and rules.arrivals is not None)
    if not filling.picks:
        allowed = may_stand(asked, rules.excluded & {Excluded.ASKED})
        filling = _Filling(asked, allowed, 1.0, wanted, _caps(asked))
        filling.fill(LAST_RESORT)
    picks, pool = filling.picks[: request.n], filling.picks[request.n :]
    if theirs and filling.picks:
        picks, pool = _with_arrivals(filling, rules, allowed, theirs)
    fallback = _fallback(picks, stages[0], rules.arrivals)
    if context.order is not None:
        shown = ordered([*picks, *pool[:POOL]], request.n, context.order, asked)
    else:
        shown = explored(picks, pool[:POOL], settings.explore, context.seed)
    return Shelf(_items(asked, shown), fallback)


def _is_new(asked: Asked) -> bool:
    """Whether a ranker has hardly learned from shoppers of whom so little is known.

    They know of at most as many items each, in the mean, as all of them together, over those who
    know the best known item.
    """
    rankers = asked.context.rankers
    return rankers is not None and len(asked.cares.item) < _LITTLE * rankers.facts.usually_known


def _caps(asked: Asked) -> Caps:
    settings = asked.context.reranking
    return Caps(asked.catalogue, settings.most_per_category, settings.most_per_group)


def _with_arrivals(
    filling: "_Filling", rules: Rules, allowed: Allowed, theirs: int
) -> tuple[list[Pick], list[Pick]]:
    """The shelf with what hardly anybody bought yet, and the picks that are left over."""
    assert rules.arrivals is not None
    asked = filling.asked
    # More than places: some may stand on the shelf already, or be one too many of their kind.
    coming = _Filling(asked, allowed, 1.0, 4 * theirs, _caps(asked))
    coming.fill(rules.arrivals)
    return with_arrivals(
        filling.picks,
        coming.picks,
        asked.request.n,
        asked.context.reranking.new_items,
        catalogue=asked.catalogue,
        caps=_caps(asked),
        distinct=asked.request.distinct,
    )


def may_stand(asked: Asked, excluded: frozenset[Excluded]) -> Allowed:
    """(n_rows,) which rows may stand on the shelf."""
    request = asked.request
    allowed = asked.shown
    if Excluded.BOUGHT in excluded:
        allowed = without(allowed, asked.bought, asked.catalogue, groups=request.distinct)
    if Excluded.CART in excluded:
        cart = as_rows(request.cart)
        allowed = without(allowed, cart, asked.catalogue, groups=request.distinct)
    if Excluded.ASKED in excluded and request.item_row is not None:
        allowed = without(allowed, as_rows([request.item_row]), asked.catalogue, groups=True)
    return allowed


@dataclass
class _Filling:
    """A shelf while it is being filled.

    wanted : picks; more than the shelf has places, where some places go to others
    """

    asked: Asked
    allowed: Allowed
    same_category: float
    wanted: int
    caps: Caps
    picks: list[Pick] = field(default_factory=list)

    @property
    def missing(self) -> int:
        return self.wanted - len(self.picks)

    def fill(self, stage: Stage, *, proven: bool = False) -> None:
        """Add what a stage proposes, below what stands there.

        proven : only what somebody bought or, in a session, whatever is like what is looked at
        """
        ceiling = self.picks[-1].score if self.picks else 1.0
        allowed = self.allowed
        if proven and not len(self.asked.recent):
            allowed = allowed & (self.asked.catalogue.popularity > 0)
        for most in (_FEW, self.asked.catalogue.n_rows):
            blended = blend(stage, self.asked, allowed, most, self.same_category)
            found = rerank(blended.ranked, self.asked, self.asked.context.reranking)
            chosen = self._chosen(found)
            if len(chosen) >= self.missing or not blended.more:
                break
        if len(chosen) == 0:
            return
        scores = ceiling * (found.scores / found.scores[chosen[0]])
        self.picks += [
            Pick(int(found.rows[at]), float(scores[at]), stage, int(found.part[at]))
            for at in chosen
        ]
        if self.missing:  # and so another stage follows
            rows = found.rows[chosen]
            distinct = self.asked.request.distinct
            self.allowed = without(self.allowed, rows, self.asked.catalogue, groups=distinct)
            self.caps.take(rows)

    def _chosen(self, found: Ranked) -> list[int]:
        """Positions in ``found``, best first: as many as are missing."""
        at = np.arange(len(found.rows))
        if self.asked.request.distinct:
            _, first = np.unique(self.asked.catalogue.group[found.rows], return_index=True)
            at = np.sort(first)
        chosen: list[int] = at[self.caps.room(found.rows[at], self.missing)].tolist()
        return chosen


def _items(asked: Asked, picks: Sequence[Pick]) -> tuple[ShelfItem, ...]:
    told: dict[int, tuple[Reason, str]] = {}
    by_part: dict[tuple[Stage, int], list[int]] = {}
    for pick in picks:
        by_part.setdefault((pick.stage, pick.part), []).append(pick.row)
    for (stage, part), of_part in by_part.items():
        retriever, rows = stage.parts[part].retriever, as_rows(of_part)
        both = zip(retriever.reasons(asked, rows), retriever.names(rows), strict=True)
        told.update(zip(of_part, both, strict=True))
    return tuple(
        ShelfItem(
            pick.row,
            pick.score,
            *told[pick.row],
            ranked=pick.stage.parts[pick.part].retriever.name == RANKER,
            propensity=pick.propensity,
            features=pick.features,
        )
        for pick in picks
    )


def _fallback(picks: Sequence[Pick], first: Stage, arrivals: Stage | None) -> str | None:
    own = [pick.stage for pick in picks if pick.stage is not arrivals]
    return None if not own or own[-1] is first else own[-1].name
