"""What most shoppers bought lately; it always has something to propose."""

import numpy as np
from numpy.typing import NDArray

from mercato.ranking.reasons import Reason, ReasonCode
from mercato.recommend.asked import Asked, Rows
from mercato.recommend.retrieval import Allowed, Proposal, Retriever

_OF_EACH_ALLOWED = 4
"""So many of the most bought are looked at for each that is asked for."""


def shoppers_of(asked: Asked, rows: Rows) -> NDArray[np.float32]:
    """(len(rows),) distinct shoppers of the newest weeks; 0 for an item newer than the release."""
    base = asked.catalogue.base_of[rows]
    return np.where(base >= 0, asked.context.models.popularity.shoppers[base], np.float32(0))


def _propose(asked: Asked, allowed: Allowed, most: int) -> Proposal:
    catalogue = asked.catalogue
    order = asked.context.models.popularity.order
    # Among the most bought there are mostly enough: the others are looked at where there are not.
    for looked_at in (_OF_EACH_ALLOWED * most, len(order)):
        rows = catalogue.live_of[order[:looked_at]]
        rows = rows[rows >= 0]
        known = rows[allowed[rows]][:most].astype(np.int64)
        if len(known) == most:
            break
    new = np.flatnonzero(allowed[catalogue.n_base :] & (catalogue.base_of[catalogue.n_base :] < 0))
    everything: Rows = np.concatenate([known, new + catalogue.n_base])[:most]
    return Proposal(everything, shoppers_of(asked, everything) + 1)


def _reasons(asked: Asked, rows: Rows) -> list[Reason]:
    return [
        Reason(ReasonCode.POPULAR, shoppers=round(shoppers) or None)
        if shoppers
        else Reason(ReasonCode.ALSO_HERE)
        for shoppers in shoppers_of(asked, rows).tolist()
    ]


POPULARITY = Retriever("popularity", _propose, _reasons)
