"""What completes the item that is looked at: bought with it, and something else than it is."""

import numpy as np

from mercato.ranking.reasons import Reason, ReasonCode
from mercato.recommend.asked import Asked, Rows
from mercato.recommend.categories import NO_CATEGORY, all_leaves
from mercato.recommend.retrieval import NOTHING, Allowed, Proposal, Retriever, allowed_rows


def _propose(asked: Asked, allowed: Allowed, most: int) -> Proposal:
    """Of its own leaf category are alternatives to the item, whatever baskets hold."""
    model, base = asked.context.models.complements, _base(asked)
    if model is None or base < 0:
        return NOTHING
    leaves, row = all_leaves(asked.catalogue), asked.request.item_row
    other = leaves != leaves[row] if leaves[row] != NO_CATEGORY else np.ones(len(leaves), bool)
    found = model.of_items(np.array([base]), np.ones(1, np.float32))
    return allowed_rows(asked, found, allowed & other, most)


def _base(asked: Asked) -> int:
    row = asked.request.item_row
    return -1 if row is None else int(asked.catalogue.base_of[row])


def _reasons(asked: Asked, rows: Rows) -> list[Reason]:
    item = asked.catalogue.ids(np.array([asked.request.item_row]))[0]
    return [Reason(ReasonCode.BOUGHT_TOGETHER, item=item) for _ in rows]


COMPLEMENTS = Retriever("complements", _propose, _reasons)
