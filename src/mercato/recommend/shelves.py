"""A shelf, filled stage by stage: a pure function."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from mercato.ranking.reasons import Reason
from mercato.recommend.asked import Asked, Rows, as_rows, without
from mercato.recommend.blending import blend
from mercato.recommend.categories import NO_CATEGORY, leaf_categories
from mercato.recommend.placements import LAST_RESORT, PLACEMENTS, Excluded, Stage
from mercato.recommend.request import Shelf, ShelfContext, ShelfItem, ShelfRequest
from mercato.recommend.reranking.ranked import Ranked
from mercato.recommend.reranking.rerank import rerank
from mercato.recommend.retrieval import Allowed

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
    filling = _Filling(asked, _allowed(asked, rules.excluded), rules.same_category)
    for stage in rules.stages:
        if not filling.missing or (stage.when_empty and filling.picks):
            break
        filling.fill(stage)
    if not filling.picks:
        filling = _Filling(asked, _allowed(asked, rules.excluded & {Excluded.ASKED}), 1.0)
        filling.fill(LAST_RESORT)
    return Shelf(_items(asked, filling.picks), _fallback(filling.picks, rules.stages[0]))


@dataclass(frozen=True)
class _Pick:
    row: int
    score: float
    stage: Stage
    part: int


def _allowed(asked: Asked, excluded: frozenset[Excluded]) -> Allowed:
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
    """A shelf while it is being filled."""

    asked: Asked
    allowed: Allowed
    same_category: float
    picks: list[_Pick] = field(default_factory=list)
    of_category: Counter[int] = field(default_factory=Counter)

    @property
    def missing(self) -> int:
        return self.asked.request.n - len(self.picks)

    def fill(self, stage: Stage) -> None:
        """Add what a stage proposes, below what stands there."""
        ceiling = self.picks[-1].score if self.picks else 1.0
        for most in (_FEW, self.asked.catalogue.n_rows):
            blended = blend(stage, self.asked, self.allowed, most, self.same_category)
            found = rerank(blended.ranked, self.asked, self.asked.context.reranking)
            chosen = self._chosen(found)
            if len(chosen) >= self.missing or not blended.more:
                break
        if len(chosen) == 0:
            return
        scores = ceiling * (found.scores / found.scores[chosen[0]])
        self.picks += [
            _Pick(int(found.rows[at]), float(scores[at]), stage, int(found.part[at]))
            for at in chosen
        ]
        rows = found.rows[chosen]
        distinct = self.asked.request.distinct
        self.allowed = without(self.allowed, rows, self.asked.catalogue, groups=distinct)
        if self.asked.context.most_per_category:
            self.of_category.update(leaf_categories(self.asked.catalogue, rows).tolist())

    def _chosen(self, found: Ranked) -> list[int]:
        """Positions in ``found``, best first: as many as are missing."""
        at = np.arange(len(found.rows))
        if self.asked.request.distinct:
            _, first = np.unique(self.asked.catalogue.group[found.rows], return_index=True)
            at = np.sort(first)
        if self.asked.context.most_per_category:
            at = at[self._uncrowded(found.rows[at])]
        chosen: list[int] = at[: self.missing].tolist()
        return chosen

    def _uncrowded(self, rows: Rows) -> list[int]:
        """Positions of rows that their category still has room for."""
        counted = self.of_category.copy()
        kept = []
        for at, leaf in enumerate(leaf_categories(self.asked.catalogue, rows).tolist()):
            counted[leaf] += 1
            if leaf == NO_CATEGORY or counted[leaf] <= self.asked.context.most_per_category:
                kept.append(at)
        return kept


def _items(asked: Asked, picks: list[_Pick]) -> tuple[ShelfItem, ...]:
    reasons: dict[int, Reason] = {}
    by_part: dict[tuple[Stage, int], list[int]] = {}
    for pick in picks:
        by_part.setdefault((pick.stage, pick.part), []).append(pick.row)
    for (stage, part), rows in by_part.items():
        told = stage.parts[part].retriever.reasons(asked, as_rows(rows))
        reasons.update(zip(rows, told, strict=True))
    return tuple(
        ShelfItem(
            pick.row, pick.score, reasons[pick.row], pick.stage.parts[pick.part].retriever.name
        )
        for pick in picks
    )


def _fallback(picks: list[_Pick], first: Stage) -> str | None:
    if not picks or picks[-1].stage is first:
        return None
    return picks[-1].stage.name
