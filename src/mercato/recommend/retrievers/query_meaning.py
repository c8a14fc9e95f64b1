"""What means something like the words of a search that found nothing."""

from mercato.ranking.reasons import Reason, ReasonCode
from mercato.recommend.asked import Asked, Rows
from mercato.recommend.retrieval import NOTHING, Allowed, Proposal, Retriever

_LEAST_COSINE = 0.2
"""The search has asked for more and found nothing; below this nothing is near. Assumed."""


def _propose(asked: Asked, allowed: Allowed, most: int) -> Proposal:
    vectors, sought = asked.catalogue.vectors, asked.request.sought
    if vectors is None or sought is None or sought.meaning is None:
        return NOTHING
    return Proposal(*vectors.nearest(sought.meaning, most, _LEAST_COSINE, allowed))


def _reasons(asked: Asked, rows: Rows) -> list[Reason]:
    return [Reason(ReasonCode.NEAR_QUERY) for _ in rows]


QUERY_MEANING = Retriever("query-meaning", _propose, _reasons)
