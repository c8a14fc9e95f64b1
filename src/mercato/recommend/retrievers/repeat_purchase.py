"""What the shopper bought, by the chance that it is bought again soon."""

import numpy as np

from mercato.core.columns import Event
from mercato.core.history import history
from mercato.ranking.reasons import Reason, ReasonCode
from mercato.recommend.asked import Asked, Rows
from mercato.recommend.retrieval import Allowed, Proposal, Retriever, allowed_rows, best


def _propose(asked: Asked, allowed: Allowed, most: int) -> Proposal:
    model = asked.context.models.repeat_purchase.at(asked.context.now)
    known = allowed_rows(asked, model.scored(asked.context.shopper), allowed, most)
    late = asked.late_purchases
    if len(late.item) == 0:
        return known
    may = allowed[late.item]
    rows = np.concatenate([known.rows, late.item[may]])
    scores = np.concatenate([known.scores, model.of_new_items(late.recency[may])])
    return best(rows, scores, most)


def _reasons(asked: Asked, rows: Rows) -> list[Reason]:
    bought = history(asked.context.shopper.of_kinds(Event.PURCHASE), asked.context.now)
    found = {}
    for pairs, row_of in ((bought, asked.catalogue.live_of), (asked.late_purchases, None)):
        of_pair = pairs.item if row_of is None else row_of[pairs.item]
        for at in np.flatnonzero(np.isin(of_pair, rows)).tolist():
            found[int(of_pair[at])] = Reason(
                ReasonCode.BOUGHT_BEFORE,
                times=int(pairs.occasions[at]),
                last_ts=int(pairs.last_ts[at]),
            )
    return [found[row] for row in rows.tolist()]


REPEAT_PURCHASE = Retriever("repeat-purchase", _propose, _reasons)
