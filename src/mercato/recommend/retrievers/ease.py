"""What shoppers of the same things buy."""

import numpy as np

from mercato.core.columns import Event
from mercato.ranking.reasons import Reason, ReasonCode
from mercato.recommend.asked import Asked, Rows
from mercato.recommend.retrieval import Allowed, Proposal, Retriever, allowed_rows


def _propose(asked: Asked, allowed: Allowed, most: int) -> Proposal:
    model = asked.context.models.ease.at(asked.context.now)
    return allowed_rows(asked, model.scored(asked.context.shopper), allowed, most)


def _reasons(asked: Asked, rows: Rows) -> list[Reason]:
    """Told by an item that is still sold; where none of those counted, by no item."""
    catalogue, shopper = asked.catalogue, asked.context.shopper
    model = asked.context.models.ease.at(asked.context.now)
    told_by = shopper.where(catalogue.live_of[shopper.item] >= 0)
    items = model.evidence(told_by, catalogue.base_of[rows])
    bought = np.isin(items, shopper.of_kinds(Event.PURCHASE).item)
    ids = iter(catalogue.ids(catalogue.live_of[items[items >= 0]]))
    return [
        Reason(
            ReasonCode.BECAUSE_BOUGHT if was_bought or item < 0 else ReasonCode.BECAUSE_VIEWED,
            item=next(ids) if item >= 0 else None,
        )
        for item, was_bought in zip(items.tolist(), bought.tolist(), strict=True)
    ]


EASE = Retriever("ease", _propose, _reasons)
