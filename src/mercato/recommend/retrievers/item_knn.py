"""What is bought in one go with the items that a shelf starts from."""

import numpy as np

from mercato.ranking.reasons import Reason, ReasonCode
from mercato.recommend.asked import Asked, Rows
from mercato.recommend.retrieval import NOTHING, Allowed, Proposal, Retriever, allowed_rows
from mercato.recommend.sources import From, Sources


def item_knn(start: From) -> Retriever:
    """The sum over the items of ``start`` of weight times similarity."""

    def propose(asked: Asked, allowed: Allowed, most: int) -> Proposal:
        known = _known(asked, start(asked))
        if len(known.rows) == 0:
            return NOTHING
        found = asked.context.models.item_knn.of_items(known.rows, known.weights)
        return allowed_rows(asked, found, allowed, most)

    def reasons(asked: Asked, rows: Rows) -> list[Reason]:
        known = _known(asked, start(asked))
        base = asked.catalogue.base_of
        model = asked.context.models.item_knn
        items = model.evidence(known.rows, known.weights, base[rows])
        ids = asked.catalogue.ids(asked.catalogue.live_of[items])
        return [Reason(ReasonCode.BOUGHT_TOGETHER, item=item) for item in ids]

    return Retriever("item-knn", propose, reasons)


def _known(asked: Asked, sources: Sources) -> Sources:
    """Base rows of the sources that the model knows."""
    base = asked.catalogue.base_of[sources.rows]
    return Sources(base[base >= 0].astype(np.int64), sources.weights[base >= 0])
