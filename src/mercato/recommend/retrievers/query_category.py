"""What most shoppers buy of the categories that a search which found nothing asked for."""

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.filters import Term
from mercato.core.columns import PRODUCT_TYPE
from mercato.ranking.reasons import Reason
from mercato.recommend.asked import Asked, Rows
from mercato.recommend.retrieval import NOTHING, Allowed, Proposal, Retriever, best
from mercato.recommend.retrievers.category import popular_in
from mercato.recommend.retrievers.popularity import shoppers_of

_LEAST_CHANCE = 0.1
"""Categories that are less likely meant are not shown. Assumed."""


def _meant(asked: Asked) -> list[tuple[str, float]]:
    sought = asked.request.sought
    told = () if sought is None else sought.categories
    return [(path, chance) for path, chance in told if chance >= _LEAST_CHANCE]


def _within(asked: Asked, path: str) -> NDArray[np.bool_]:
    return asked.catalogue.mask(Term(PRODUCT_TYPE, path))


def _propose(asked: Asked, allowed: Allowed, most: int) -> Proposal:
    """Shoppers of an item times the chance that its category is meant."""
    scores = np.zeros(asked.catalogue.n_rows, np.float32)
    for path, chance in _meant(asked):
        rows = np.flatnonzero(allowed & _within(asked, path))
        if len(rows):
            scores[rows] += np.float32(chance) * (shoppers_of(asked, rows) + 1)
    rows = np.flatnonzero(scores)
    return best(rows, scores[rows], most) if len(rows) else NOTHING


def _reasons(asked: Asked, rows: Rows) -> list[Reason]:
    of_row: dict[int, str] = {}
    for path, _ in reversed(_meant(asked)):
        of_row |= dict.fromkeys(rows[_within(asked, path)[rows]].tolist(), path)
    told = zip(rows.tolist(), shoppers_of(asked, rows).tolist(), strict=True)
    return [popular_in(of_row[row], shoppers) for row, shoppers in told]


QUERY_CATEGORY = Retriever("query-category", _propose, _reasons)
