"""The scores of a stage's retrievers, added up."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mercato.recommend.asked import Asked, Rows
from mercato.recommend.categories import NO_CATEGORY, leaf_categories
from mercato.recommend.placements import Part, Stage
from mercato.recommend.reranking.ranked import Ranked
from mercato.recommend.retrieval import Allowed, Proposal


class Blend(NamedTuple):
    """ranked : by falling score, then as the catalogue stands
    more   : whether some part may have more to propose
    """

    ranked: Ranked
    more: bool


def blend(stage: Stage, asked: Asked, allowed: Allowed, most: int, same_category: float) -> Blend:
    """Ask each part for at most ``most`` rows and add up their scores."""
    proposals = [part.retriever.bring(asked, allowed, most) for part in stage.parts]
    more = any(len(proposal.rows) >= most for proposal in proposals)
    rows, at = np.unique(
        np.concatenate([proposal.rows for proposal in proposals]), return_inverse=True
    )
    shares = _shares(stage.parts, proposals, at, len(rows))
    scores = shares.sum(axis=0) * _category_factors(asked, rows, same_category)
    order = np.lexsort((asked.catalogue.place[rows], -scores))
    return Blend(Ranked(rows, scores, shares.argmax(axis=0)).at(order), more)


def _shares(
    parts: Sequence[Part], proposals: Sequence[Proposal], at: NDArray[np.intp], n_rows: int
) -> NDArray[np.float64]:
    """(n_parts, n_rows) what each part adds to each row; ``at`` is the row of each proposal."""
    shares = np.zeros((len(parts), n_rows))
    start = 0
    for number, (part, proposal) in enumerate(zip(parts, proposals, strict=True)):
        stop = start + len(proposal.rows)
        if stop > start:
            shares[number, at[start:stop]] = part.weight * proposal.scores / proposal.scores.max()
        start = stop
    return shares


def _category_factors(asked: Asked, rows: Rows, same_category: float) -> NDArray[np.float64]:
    factors = np.ones(len(rows))
    row = asked.request.item_row
    if same_category != 1.0 and row is not None:
        leaves = leaf_categories(asked.catalogue, np.append(rows, row))
        if leaves[-1] != NO_CATEGORY:
            factors[leaves[:-1] == leaves[-1]] = same_category
    return factors
