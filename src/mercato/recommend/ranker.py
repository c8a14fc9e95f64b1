"""The stage of a shelf that a release's ranker orders, and the reasons that it gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mercato.ranking.reasons import Reason, ReasonCode
from mercato.ranking.shelf_features import NAMES
from mercato.ranking.shelf_ranker import ShelfRanker, ShelfRankers
from mercato.recommend.asked import Asked, Rows
from mercato.recommend.categories import category_path, leaf_categories
from mercato.recommend.placements import Part, Rules, Stage
from mercato.recommend.pool import POOLS, Gathered, gather, pairs_of, said_names
from mercato.recommend.retrieval import Allowed, Proposal, Retriever, best
from mercato.recommend.retrievers.popularity import POPULARITY
from mercato.recommend.retrievers.repeat_purchase import REPEAT_PURCHASE

RANKER = "ranker"

_OF_CATEGORY = NAMES.index("kinds: category items")
"""Above 0 where the shopper bought of the item's category."""


def stages_of(rules: Rules, asked: Asked) -> tuple[Stage, ...]:
    """Those of a placement; where the release has a ranker for it, that orders the first."""
    rankers = asked.context.rankers
    ranker = None if rankers is None else rankers.of.get(asked.request.placement)
    if rankers is None or ranker is None:
        return rules.stages
    if ranker.said != said_names(asked.request.placement):
        return rules.stages  # a release from before the pool was another
    return (_ranked_stage(rankers, ranker, asked), *rules.stages[1:])


def _ranked_stage(rankers: ShelfRankers, ranker: ShelfRanker, asked: Asked) -> Stage:
    """What the ranker says; and what is said of this session, which its log may have lacked."""
    ranked = Ranked(rankers, ranker)
    pool = POOLS[asked.request.placement]
    sessions = [
        Part(ranked.again(source.retriever, at), source.weight)
        for at, source in enumerate(pool)
        if source.session
    ]
    retriever = Retriever(RANKER, ranked.propose, ranked.reasons, ranked.brought)
    return Stage((Part(retriever), *sessions))


@dataclass
class Ranked:
    """A ranker asked for one shelf; it remembers what it saw, to tell its reasons.

    seen  : row → its features
    names : row → the retriever that brought it
    proposals : of the pool's sources
    """

    rankers: ShelfRankers
    ranker: ShelfRanker
    seen: dict[int, NDArray[np.float32]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    proposals: Sequence[Proposal] = ()

    def propose(self, asked: Asked, allowed: Allowed, most: int) -> Proposal:
        gathered = gather(asked.request.placement, asked, allowed, self.ranker)
        self.proposals = gathered.proposals
        if not len(gathered.rows):
            return Proposal(gathered.rows, np.zeros(0, np.float32))
        values = self.ranker.values(pairs_of(asked, gathered, self.rankers.facts))
        scores = scored(self.ranker, asked, gathered, values)
        rows = gathered.rows.tolist()
        self.seen.update(zip(rows, values, strict=True))
        pool = POOLS[asked.request.placement]
        bringers = [pool[at].retriever.name for at in gathered.bringers().tolist()]
        self.names.update(zip(rows, bringers, strict=True))
        return best(gathered.rows, scores.astype(np.float32), most)

    def again(self, retriever: Retriever, at: int) -> Retriever:
        """That of the pool's source ``at``, which has a part of its own: not asked twice."""

        def propose(asked: Asked, allowed: Allowed, most: int) -> Proposal:
            return best(*self.proposals[at], most)

        return replace(retriever, propose=propose)

    def brought(self, rows: Rows) -> list[str]:
        return [self.names[row] for row in rows.tolist()]

    def reasons(self, asked: Asked, rows: Rows) -> list[Reason]:
        """Of each row the evidence without which it would lose most, of what can be told."""
        values = np.stack([self.seen[row] for row in rows.tolist()])
        tellers = _tellers(asked, self.ranker, rows, values)
        # What only shifts all of a shopper's items, as how often they come, is no reason for one.
        groups = [at for at, (name, _) in enumerate(self.ranker.groups) if name in tellers]
        names = [self.ranker.groups[at][0] for at in groups]
        may = np.column_stack([tellers[name].may for name in names])
        moved = np.where(may, self.ranker.moved(values, groups), -np.inf)
        by_tell: dict[Tell, list[int]] = {}
        lifted = (moved.max(axis=1) > 0).tolist()
        for at, group in enumerate(moved.argmax(axis=1).tolist()):
            tell = tellers[names[group]].tell if lifted[at] else _only_known
            by_tell.setdefault(tell, []).append(at)
        found: dict[int, Reason] = {}
        for tell, of in by_tell.items():
            found.update(zip(of, tell(asked, rows[of]), strict=True))
        return [found[at] for at in range(len(rows))]


Tell = Callable[[Asked, Rows], list[Reason]]


def _only_known(asked: Asked, rows: Rows) -> list[Reason]:
    """Of rows that nothing lifts above the usual candidate: they stand there since they were
    bought, or for want of better ones."""
    bought = asked.was_bought[rows]
    told = iter(REPEAT_PURCHASE.reasons(asked, rows[bought]))
    return [next(told) if was else Reason(ReasonCode.ALSO_HERE) for was in bought.tolist()]


class _Teller(NamedTuple):
    """may : (n,) of which rows a group of features can be told as a reason; tell : in words"""

    may: NDArray[np.bool_]
    tell: Tell


def _tellers(
    asked: Asked, ranker: ShelfRanker, rows: Rows, values: NDArray[np.float32]
) -> dict[str, _Teller]:
    """By group of features; that of demand can be told of every row."""
    bought = _Teller(asked.was_bought[rows], REPEAT_PURCHASE.reasons)
    found = {
        "habit": bought,
        "rhythm": bought,
        "kinds": _Teller(values[:, _OF_CATEGORY] > 0, _your_category),
        "demand": _Teller(np.ones(len(rows), bool), POPULARITY.reasons),
    }
    said = values[:, values.shape[1] - len(ranker.said) :]
    for number, source in enumerate(POOLS[asked.request.placement]):
        if source.tells:
            found[source.name] = _Teller(said[:, 2 * number] > 0, source.retriever.reasons)
    return found


def _your_category(asked: Asked, rows: Rows) -> list[Reason]:
    leaves = leaf_categories(asked.catalogue, rows).tolist()
    return [
        Reason(ReasonCode.YOUR_CATEGORY, category=category_path(asked.catalogue, leaf))
        for leaf in leaves
    ]


def scored(
    ranker: ShelfRanker, asked: Asked, gathered: Gathered, values: NDArray[np.float32]
) -> NDArray[np.float64]:
    """(n,) chances; where it pays, with the first stage's own score added."""
    chances = ranker.chances(values)
    if not ranker.formula:
        return chances
    formula = formula_scores(asked, gathered)
    formula /= max(float(formula.max()), 1e-9)
    return np.asarray(chances / chances.max() + ranker.formula * formula)


def formula_scores(asked: Asked, gathered: Gathered) -> NDArray[np.float64]:
    """(n,) what the shelf is ordered by without a ranker."""
    weights = np.array([source.weight for source in POOLS[asked.request.placement]])
    return np.asarray(gathered.shares @ weights, np.float64)
