"""Candidates in an order in which each is likely and unlike those before it.

Greedy maximum a posteriori inference for a determinantal point process (Chen, Zhang & Zhou 2018,
https://arxiv.org/abs/1709.05135, algorithm 1). With scores q, similarities S and a variety v the
next one is that with the greatest

    (1 - v) log q + v log d^2 - v LITTLE_KNOWN log(shoppers + 1)

where d^2 is what the determinant of S over the picked ones grows by. The last term makes a varied
shelf of lesser known things; v = 0 is the order of the scores.
"""

import numpy as np
from numpy.typing import NDArray

from mercato.recommend.asked import Asked
from mercato.recommend.categories import NO_CATEGORY, leaf_categories
from mercato.recommend.reranking.ranked import Ranked

CANDIDATES = 200
"""So many of the best are put in order; what is below them stays there."""

_SAME_CATEGORY = 0.5
"""What a shared leaf category counts of a similarity, the rest is the texts' cosine. Assumed."""

LITTLE_KNOWN = 0.25
"""Assumed."""

_LEAST = 1e-10
"""A candidate that adds nothing to the determinant is as good as picked already."""


def varied(found: Ranked, asked: Asked, variety: float) -> Ranked:
    """The best candidates in their new order, the others behind them."""
    m = min(CANDIDATES, len(found.rows))
    head = found.rows[:m]
    shoppers = asked.catalogue.popularity[head].astype(np.float64)
    # Differences of sums of logarithms: neither scale matters.
    gains = (1 - variety) * np.log(found.scores[:m])
    gains -= variety * LITTLE_KNOWN * np.log1p(np.maximum(shoppers, 0))
    order = greedy(gains, similarities(asked, head), variety)
    behind = np.arange(m, len(found.rows))
    ranked = found.at(np.concatenate([order, behind]))
    return ranked._replace(scores=np.minimum.accumulate(ranked.scores))


def similarities(asked: Asked, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """(k, k) 1 on the diagonal; positive semidefinite, being a mean of two that are."""
    leaves = leaf_categories(asked.catalogue, rows)
    same = (leaves[:, None] == leaves) & (leaves != NO_CATEGORY)
    found: NDArray[np.float64] = _SAME_CATEGORY * same.astype(np.float64)
    if asked.catalogue.vectors is not None:
        vectors = asked.catalogue.vectors.of(rows).astype(np.float64)
        found += (1 - _SAME_CATEGORY) * (vectors @ vectors.T)
    np.fill_diagonal(found, 1.0)
    return found


def greedy(
    gains: NDArray[np.float64], similar: NDArray[np.float64], variety: float
) -> NDArray[np.int64]:
    """(k,) the order in which the k candidates are picked.

    gains   : (k,) what each is worth by itself
    similar : (k, k) positive semidefinite, 1 on the diagonal
    """
    k = len(gains)
    factors = np.zeros((k, k))  # row t: what the t-th pick says of each candidate
    left = np.ones(k)  # d^2: what is not said by the picks so far
    open_ = np.ones(k, bool)
    order = np.empty(k, np.int64)
    for step in range(k):
        worth = gains + variety * np.log(np.maximum(left, _LEAST))
        pick = int(np.argmax(np.where(open_, worth, -np.inf)))
        order[step], open_[pick] = pick, False
        if left[pick] > _LEAST:
            said = similar[pick] - factors[:step, pick] @ factors[:step]
            factors[step] = said / np.sqrt(left[pick])
            left = np.maximum(left - factors[step] ** 2, 0.0)
    return order
