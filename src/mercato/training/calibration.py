"""What a release learns about its own scores, without judgments."""

import numpy as np
from numpy.typing import NDArray

from mercato.ranking.fusion import Calibration

SPREADS = 3.7
"""How many spreads above the cosine of unrelated texts a match by meaning begins.

Chosen on Home Depot's validation queries: it gives .49 there, where 64 products of 54,667 come
near a query (median), recall of the relevant ones rises from .81 to .86 and nDCG@10 is highest. A
lower one adds more than it finds. Where an encoder tells texts less apart, as MiniLM Chinese ones,
it gives more: .86 on Taobao's titles."""

LOWEST, HIGHEST = 0.3, 0.95
"""Assumed: outside of these a threshold says nothing."""

FEWEST_TEXTS = 30
"""Assumed: fewer do not tell what unrelated texts are like."""

_TEXTS, _OTHERS = 300, 2_000


def calibrate(vectors: NDArray[np.float32], *, semantic_most: int, seed: int = 0) -> Calibration:
    """The calibration of a release.

    vectors       : (n, d) float32, unit vectors of the different texts; (0, 0) without an encoder
    semantic_most : at most so many nearest items match by meaning
    """
    if len(vectors) < FEWEST_TEXTS:
        return Calibration(semantic_most=semantic_most)
    return Calibration(
        semantic_threshold=semantic_threshold(vectors, seed=seed), semantic_most=semantic_most
    )


def semantic_threshold(vectors: NDArray[np.float32], *, seed: int = 0) -> float:
    """The cosine from which two texts are nearer than unrelated ones are; to two digits.

    Pairs of titles are mostly unrelated, so their median cosine is that of unrelated texts. Their
    spread is taken below the median, where related pairs do not reach: up to the 16th percentile,
    one standard deviation of a normal distribution.

    vectors : (n, d) float32, unit vectors of the different texts, two or more
    """
    random = np.random.default_rng(seed)
    order = random.permutation(len(vectors))
    texts, others = order[:_TEXTS], order[::-1][:_OTHERS]
    cosines = vectors[texts] @ vectors[others].T  # (texts, others)
    low, middle = np.percentile(cosines[texts[:, None] != others], [16, 50])
    threshold = middle + SPREADS * (middle - low)
    return round(float(np.clip(threshold, LOWEST, HIGHEST)), 2)
