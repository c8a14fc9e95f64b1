"""What the first stage ranks high for a query: negatives that are hard, and lists to judge by."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.query import n_words
from mercato.core.progress import Step
from mercato.ranking.candidates import Candidates
from mercato.ranking.fusion import Calibration, fuse
from mercato.search.search import SearchContext, SearchRequest, search

LONGEST = 40
"""Rows of a list; negatives from further down are told apart too easily. Assumed."""


@dataclass(frozen=True)
class Shortlist:
    """The first rows of a query's result.

    rows        : (m,) int64, by the first stage, best first
    lexical     : (m,) float32, see `ranking.fusion.fuse`
    known_share : of the query's words
    """

    rows: NDArray[np.int64]
    lexical: NDArray[np.float32]
    known_share: float

    def fused(self, cosine: NDArray[np.float32], calibration: Calibration) -> NDArray[np.float32]:
        """(m,) scores with other cosines."""
        return fuse(self.lexical, self.known_share, cosine, calibration)


NOTHING = Shortlist(np.zeros(0, np.int64), np.zeros(0, np.float32), 0.0)


class _Listening:
    """A ranker that remembers what it is given and leaves it as it is."""

    def __init__(self) -> None:
        self.heard = NOTHING

    def scores(self, candidates: Candidates) -> NDArray[np.float32]:
        best = np.argsort(-candidates.scores, kind="stable")[:LONGEST]
        text, rows = candidates.evidence.text, candidates.rows[best]
        words = max(n_words(candidates.understood.sought), 1)
        self.heard = Shortlist(
            rows, candidates.evidence.lexical(rows), text.n_known / words if text else 0.0
        )
        return candidates.scores


def shortlists(queries: Iterable[str], context: SearchContext, step: Step) -> dict[str, Shortlist]:
    """Of each query, as shoppers would be answered without a ranker; ``step`` goes by queries."""
    found = {}
    for query in queries:
        listening = _Listening()
        search(SearchRequest(query, per_page=1, distinct=False), replace(context, ranker=listening))
        found[query] = listening.heard
        step.advance()
    return found
