"""What shoppers look at beside the item that is looked at, and do not buy with it."""

import numpy as np

from mercato.ranking.reasons import Reason, ReasonCode
from mercato.recommend.asked import Asked, Rows
from mercato.recommend.retrieval import NOTHING, Allowed, Proposal, Retriever, allowed_rows


def _propose(asked: Asked, allowed: Allowed, most: int) -> Proposal:
    model, row = asked.context.models.substitutes, asked.request.item_row
    base = -1 if row is None else int(asked.catalogue.base_of[row])
    if model is None or base < 0:
        return NOTHING
    found = model.of_items(np.array([base]), np.ones(1, np.float32))
    return allowed_rows(asked, found, allowed, most)


def _reasons(asked: Asked, rows: Rows) -> list[Reason]:
    item = asked.catalogue.ids(np.array([asked.request.item_row]))[0]
    return [Reason(ReasonCode.VIEWED_INSTEAD, item=item) for _ in rows]


SUBSTITUTES = Retriever("substitutes", _propose, _reasons)
