"""What each feature of one candidate adds to its score: SHAP values of trees.

Path-dependent TreeSHAP (Lundberg, Erion & Lee 2018, "Consistent Individualized Feature Attribution
for Tree Ensembles", https://arxiv.org/abs/1802.03888, algorithm 2), leaf by leaf: on the way to a
leaf, a feature that is known lets the row through or not, one that is unknown lets through the
share of training rows that went that way. Shapley's weights over the orders in which features
become known are the coefficients of a product of one binomial a feature.
"""

from collections.abc import Iterator
from math import factorial

import numpy as np
from numpy.typing import NDArray

from mercato.models.lambdamart.trees import LEAF, Trees

Way = dict[int, tuple[bool, float]]
"""Feature → whether the row goes this way, and the share of training rows that did."""


def contributions(trees: Trees, features: NDArray[np.float32]) -> tuple[NDArray[np.float64], float]:
    """(n_features,) of one candidate (n_features,), and the base, the mean over the training:
    together they are the score."""
    found, base = np.zeros(trees.n_features), 0.0
    for root in trees.roots.tolist():
        for way, value in _leaves(trees, root, features, {}):
            base += value * float(np.prod([share for _, share in way.values()]))
            for feature, part in _parts(way):
                found[feature] += value * part
    return found, base


def _leaves(
    trees: Trees, node: int, features: NDArray[np.float32], way: Way
) -> Iterator[tuple[Way, float]]:
    """Every leaf below a node, with the way to it."""
    feature = int(trees.feature[node])
    if feature == LEAF:
        yield way, float(trees.value[node])
        return
    goes_left = bool(features[feature] <= trees.threshold[node])
    known, share = way.get(feature, (True, 1.0))
    for child, taken in ((trees.left[node], goes_left), (trees.right[node], not goes_left)):
        went = share * float(trees.cover[child] / trees.cover[node])
        yield from _leaves(trees, int(child), features, {**way, feature: (known and taken, went)})


def _parts(way: Way) -> Iterator[tuple[int, float]]:
    """Of 1 at a leaf, what each feature on the way to it adds."""
    n = len(way)
    weights = np.array([factorial(k) * factorial(n - 1 - k) / factorial(n) for k in range(n)])
    for feature, (known, share) in way.items():
        subsets = np.ones(1)  # coefficient k: all sets of k other features that are known
        for other, (other_known, other_share) in way.items():
            if other != feature:
                subsets = np.convolve(subsets, [other_share, float(other_known)])
        yield feature, (float(known) - share) * float(subsets @ weights)
