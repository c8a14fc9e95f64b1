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

_SKIPPED = 20
"""Picked beyond twice what the shelf holds, since caps leave some of them out; those behind stand
by what they are worth by themselves."""

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
    order = greedy(gains, similarities(asked, head), variety, 2 * asked.request.n + _SKIPPED)
    behind = np.arange(m, len(found.rows))
    ranked = found.at(np.concatenate([order, behind]))
    return ranked._replace(scores=np.minimum.accumulate(ranked.scores))


def similarities(asked: Asked, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """(k, k) 1 on the diagonal; positive semidefinite, being a mean of two that are."""
    leaves = leaf_categories(asked.catalogue, rows)
    same = (leaves[:, None] == leaves) & (leaves != NO_CATEGORY)
    found: NDArray[np.float64] = _SAME_CATEGORY * same.astype(np.float64)
    if asked.catalogue.vectors is not None:
        vectors = asked.catalogue.vectors.of(rows)
        found += (1 - _SAME_CATEGORY) * (vectors @ vectors.T)
    np.fill_diagonal(found, 1.0)
    return found


def greedy(
    gains: NDArray[np.float64], similar: NDArray[np.float64], variety: float, most: int
) -> NDArray[np.int64]:
    """(k,) the order in which the k candidates are picked.

    gains   : (k,) what each is worth by itself
    similar : (k, k) positive semidefinite, 1 on the diagonal
    most    : so many are picked for what they add; the others follow by their gains
    """
    k = len(gains)
    steps = min(most, k)
    factors = np.zeros((steps, k))  # row t: what the t-th pick says of each candidate
    left = np.ones(k)  # d^2: what is not said by the picks so far
    open_ = gains.copy()
    order = np.empty(steps, np.int64)
    for step in range(steps):
        pick = int(np.argmax(open_ + variety * np.log(np.maximum(left, _LEAST))))
        order[step], open_[pick] = pick, -np.inf
        if left[pick] > _LEAST:
            said = similar[pick] - factors[:step, pick] @ factors[:step]
            factors[step] = said / np.sqrt(left[pick])
            left -= factors[step] ** 2
    behind = np.argsort(-open_, kind="stable")[: k - steps]
    return np.concatenate([order, behind])
