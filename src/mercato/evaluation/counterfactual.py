"""How a ranking would have done, from clicks on another: inverse propensity scoring.

Joachims, Swaminathan & Schnabel, "Unbiased Learning-to-Rank with Biased Feedback" (WSDM 2017),
https://arxiv.org/abs/1608.04468.
"""

import numpy as np
from numpy.typing import NDArray

from mercato.evaluation.metrics import Values

LEAST_PROPENSITY = 0.02
"""A click counts at most 50 times: unbiased estimates without a bound are ruled by a few clicks
far below (Swaminathan & Joachims 2015, https://arxiv.org/abs/1502.02362)."""


def counterfactual_dcg(
    query: NDArray[np.integer],
    clicked: NDArray[np.floating],
    propensity: NDArray[np.floating],
    scores: NDArray[np.floating],
) -> Values:
    """(n_queries,) the discount at which clicks would stand, each weighed by 1 / propensity.

    query      : (n,) int, ascending and without a gap from 0: whose pair each row is
    clicked    : (n,) clicks on the pair at places of this propensity
    propensity : (n,) of where it was clicked; no less than LEAST_PROPENSITY counts
    scores     : (n,) of the ranking asked about, the same for all rows of a pair

    Self-normalised (Swaminathan & Joachims 2015, https://papers.nips.cc/paper/5748): 1 where all
    clicks would stand on top, 0 for a query without any.
    """
    weight = clicked / np.maximum(propensity, LEAST_PROPENSITY)
    reached = np.bincount(query, weight / np.log2(_places(query, scores) + 1))
    total = np.bincount(query, weight)
    return np.divide(reached, total, out=np.zeros_like(reached), where=total > 0)


def _places(query: NDArray[np.integer], scores: NDArray[np.floating]) -> NDArray[np.int64]:
    """(n,) from 1, within the query by falling score; rows of equal score share the first."""
    order = np.lexsort((-scores, query))
    ordered = query[order]
    begins = np.ones(len(order), bool)
    begins[1:] = ordered[1:] != ordered[:-1]
    changes = begins.copy()
    changes[1:] |= scores[order][1:] != scores[order][:-1]
    number = np.cumsum(changes)
    first = number[np.flatnonzero(begins)][np.cumsum(begins) - 1]
    places = np.empty(len(order), np.int64)
    places[order] = number - first + 1
    return places
