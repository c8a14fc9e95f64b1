"""The second stage: the best of the first are scored anew, and stand before all others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.ranking.candidates import Candidates
from mercato.ranking.evidence import Evidence
from mercato.ranking.rules.effects import NO_EFFECTS, Effects
from mercato.ranking.understood import Understood
from mercato.search.matching import Matches
from mercato.search.ordering import first
from mercato.search.request import SearchContext

RERANKED = 200
"""Items that the ranker scores. The best order of Home Depot's first 200 (100 by words, 100
by meaning) would have nDCG@10 .838."""


@dataclass(frozen=True)
class Ranked:
    """A result's rows with the scores that they are shown with.

    stage  : (n,) uint8, 0 for rows that the ranker scored, 1 for all others, which follow
    scores : (n,) float32, higher is better among rows of one stage
    """

    rows: NDArray[np.int64]
    stage: NDArray[np.uint8]
    scores: NDArray[np.float32]

    @classmethod
    def by_first_stage(cls, result: Matches) -> "Ranked":
        return cls(result.rows, np.zeros(len(result.rows), np.uint8), result.scores)


def reranked(
    result: Matches,
    understood: Understood,
    evidence: Evidence,
    context: SearchContext,
    effects: Effects = NO_EFFECTS,
) -> Ranked:
    """The result with the ranker's scores for its first rows; as it is without a ranker.

    effects : of rules, which weigh the scores of both stages: what is boosted enough comes among
              the first rows, and is boosted there
    """
    weighed = Matches(result.rows, effects.weighed(result.scores, result.rows, context.catalogue))
    if context.ranker is None or not len(result.rows):
        return Ranked.by_first_stage(weighed)
    at = first_rows(weighed, context)
    candidates = candidates_at(at, result, understood, evidence, context)
    stage = np.ones(len(result.rows), np.uint8)
    stage[at] = 0
    scores = weighed.scores.copy()
    learned = context.ranker.scores(candidates)
    scores[at] = effects.weighed(learned, result.rows[at], context.catalogue)
    return Ranked(result.rows, stage, scores)


def candidates_at(
    at: NDArray[np.int64],
    result: Matches,
    understood: Understood,
    evidence: Evidence,
    context: SearchContext,
) -> Candidates:
    """What a ranker is given of the result's rows at some positions, ascending."""
    return Candidates(
        context.catalogue,
        understood,
        evidence,
        result.rows[at],
        result.scores[at],
        len(result.rows),
        context.clock,
        context.demand,
        context.taste,
    )


def first_rows(result: Matches, context: SearchContext) -> NDArray[np.int64]:
    """(k,) positions in the result of its first rows, ascending."""
    place = context.catalogue.place[result.rows]
    return np.sort(first((-result.scores, place), RERANKED))
