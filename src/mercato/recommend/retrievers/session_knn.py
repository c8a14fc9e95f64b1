"""What baskets and sessions like the items that a shelf starts from went on with."""

import numpy as np

from mercato.models.session_knn.model import FittedSessionKnn, Neighbours
from mercato.models.sessions import Query
from mercato.ranking.reasons import Reason, ReasonCode
from mercato.recommend.asked import Asked, Rows
from mercato.recommend.retrieval import NOTHING, Allowed, Proposal, Retriever, allowed_rows
from mercato.recommend.sources import From


def session_knn(start: From) -> Retriever:
    """The items of ``start`` as one session; where their weights differ, one after the other."""

    def propose(asked: Asked, allowed: Allowed, most: int) -> Proposal:
        model = asked.context.models.session_knn
        if model is None or not (asked.catalogue.base_of[start(asked).rows] >= 0).any():
            return NOTHING
        _, near = _near(asked, model)
        return allowed_rows(asked, model.of_neighbours(near), allowed, most)

    def reasons(asked: Asked, rows: Rows) -> list[Reason]:
        model = asked.context.models.session_knn
        if model is None:
            raise LookupError("reasons of a model that proposed nothing")
        base = asked.catalogue.base_of
        items = model.evidence(*_near(asked, model), base[rows])
        ids = asked.catalogue.ids(asked.catalogue.live_of[items])
        return [Reason(ReasonCode.BOUGHT_TOGETHER, item=item) for item in ids]

    def _near(asked: Asked, model: FittedSessionKnn) -> tuple[Query, Neighbours]:
        if start not in asked.memo:
            query = _query(asked, start)
            asked.memo[start] = query, model.at(asked.context.now).near(query)
        found: tuple[Query, Neighbours] = asked.memo[start]
        return found

    return Retriever("session-knn", propose, reasons)


def _query(asked: Asked, start: From) -> Query:
    """Base rows of what the shelf starts from, the heaviest as the newest."""
    sources = start(asked)
    base = asked.catalogue.base_of[sources.rows]
    known = base >= 0
    _, rank = np.unique(-sources.weights, return_inverse=True)
    back = rank[known].astype(np.int64)
    order = np.argsort(-back, kind="stable")
    return Query(base[known][order].astype(np.int64), back[order])
