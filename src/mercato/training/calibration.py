"""What a release learns about its own scores, without judgments."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mercato.ranking.fusion import Calibration

SPREADS = 3.7
"""How many spreads above the cosine of unrelated texts a match by meaning begins.

Chosen on 800 validation queries of Home Depot, where it gives .49: at .5, 64 products of 54,667
(median) come near a query, recall of the relevant ones rises from .81 to .85, and nDCG@10 is
highest, if by little. A lower one adds more than it finds."""

MOST_ABOVE = 0.35
"""At most so far above the cosine of unrelated texts: where all products are of one kind, as in a
supermarket, their cosines spread because their topics do. There 3.7 spreads gave .74, which hardly
any query reaches; this gives .63. On Home Depot 3.7 spreads are .347."""

LOWEST, HIGHEST = 0.3, 0.95
"""Assumed: outside of these a threshold says nothing."""

FEWEST_TEXTS = 30
"""Assumed: fewer do not tell what unrelated texts are like."""

QUERIES = 300
"""Titles that stand for queries."""

_OTHERS = 2_000


def calibrate(
    queries: NDArray[np.float32],
    vectors: NDArray[np.float32],
    *,
    semantic_most: int,
    known_share: float = 1.0,
    seed: int = 0,
) -> Calibration:
    """The calibration of a release.

    queries : (m, d) float32, unit vectors of titles alone, in place of queries
    vectors : (n, d) float32, unit vectors of the different texts; (0, 0) without an encoder
    known_share : of the titles' tokens, those that the encoder's vocabulary has
    """
    found = Calibration(semantic_most=semantic_most, known_share=round(known_share, 3))
    if len(vectors) < FEWEST_TEXTS:
        return found
    return replace(
        found,
        semantic_threshold=semantic_threshold(queries, vectors, seed=seed),
        semantic_unrelated=round(float(np.median(_cosines(queries, vectors, seed))), 3),
    )


def semantic_threshold(
    queries: NDArray[np.float32], vectors: NDArray[np.float32], *, seed: int = 0
) -> float:
    """The cosine from which a text is nearer to a query than unrelated ones are; to two digits.

    A title and a text are mostly unrelated, so their median cosine is that of unrelated ones. The
    spread is taken below the median, where related pairs do not reach: up to the 16th percentile,
    one standard deviation of a normal distribution. Titles alone stand for queries, because what
    all texts share (a brand's or a category's name) is not in what shoppers type.

    queries, vectors : as in `calibrate`
    """
    low, middle = np.percentile(_cosines(queries, vectors, seed), [16, 50])
    threshold = middle + min(SPREADS * (middle - low), MOST_ABOVE)
    return round(float(np.clip(threshold, LOWEST, HIGHEST)), 2)


def _cosines(
    queries: NDArray[np.float32], vectors: NDArray[np.float32], seed: int
) -> NDArray[np.float32]:
    """(m, k) of every query with some of the texts."""
    others = vectors[np.random.default_rng(seed).permutation(len(vectors))[:_OTHERS]]
    return np.asarray(queries @ others.T, np.float32)
