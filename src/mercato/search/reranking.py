"""The second stage: the best of the first are scored anew, and stand before all others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.ranking.candidates import Candidates
from mercato.ranking.evidence import Evidence
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
    result: Matches, understood: Understood, evidence: Evidence, context: SearchContext
) -> Ranked:
    """The result with the ranker's scores for its first rows; as it is without a ranker."""
    if context.ranker is None or not len(result.rows):
        return Ranked.by_first_stage(result)
    at = candidates_of(result, context)
    candidates = Candidates(
        context.catalogue,
        understood,
        evidence,
        result.rows[at],
        result.scores[at],
        len(result.rows),
    )
    stage = np.ones(len(result.rows), np.uint8)
    stage[at] = 0
    scores = result.scores.copy()
    scores[at] = context.ranker.scores(candidates)
    return Ranked(result.rows, stage, scores)


def candidates_of(result: Matches, context: SearchContext) -> NDArray[np.int64]:
    """(k,) positions in the result of its first rows, ascending."""
    place = context.catalogue.place[result.rows]
    return np.sort(first((-result.scores, place), RERANKED))
