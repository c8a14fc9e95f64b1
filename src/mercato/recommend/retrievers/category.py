"""The most bought items of the leaf category of the item that is looked at."""

import numpy as np

from mercato.ranking.reasons import Reason, ReasonCode
from mercato.recommend.asked import Asked, Rows
from mercato.recommend.categories import (
    NO_CATEGORY,
    category_path,
    leaf_categories,
    rows_of_category,
)
from mercato.recommend.retrieval import NOTHING, Allowed, Proposal, Retriever, best
from mercato.recommend.retrievers.popularity import shoppers_of


def _leaf(asked: Asked) -> int:
    row = asked.request.item_row
    if row is None:
        return NO_CATEGORY
    return int(leaf_categories(asked.catalogue, np.array([row]))[0])


def _propose(asked: Asked, allowed: Allowed, most: int) -> Proposal:
    leaf = _leaf(asked)
    if leaf == NO_CATEGORY:
        return NOTHING
    rows = rows_of_category(asked.catalogue, leaf)
    rows = rows[allowed[rows]]
    return best(rows, shoppers_of(asked, rows) + 1, most)


def _reasons(asked: Asked, rows: Rows) -> list[Reason]:
    path = category_path(asked.catalogue, _leaf(asked))
    return [popular_in(path, shoppers) for shoppers in shoppers_of(asked, rows).tolist()]


def popular_in(path: str, shoppers: float) -> Reason:
    """What nobody bought lately is only there."""
    code = ReasonCode.POPULAR_IN_CATEGORY if shoppers else ReasonCode.ALSO_HERE
    return Reason(code, category=path)


CATEGORY = Retriever("category", _propose, _reasons)
