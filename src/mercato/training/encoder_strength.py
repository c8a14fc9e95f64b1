"""How well an encoder finds the products of a catalogue, without judgments."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.analysis import STOP_WORDS, surface_words
from mercato.ranking.fusion import Calibration

TEXTS = 5_000
"""Texts among which a product is sought; with fewer, finding it says less."""

QUERIES = 300
WORDS = 3
"""Words of a title that stand for a query."""

BEST = 10

USUAL = 0.67
"""Strength of MiniLM on Home Depot's titles, where the usual weight was chosen. It is .51 on
Icecat's, where meaning with that weight does harm, and .87 with E5 on Taobao's."""

LEAST, MOST = 0.05, 0.5
"""Weights. Assumed."""


def strength(
    titles: Sequence[str],
    vectors: NDArray[np.float32],
    encode: Callable[[Sequence[str]], NDArray[np.float32]],
    *,
    seed: int = 0,
) -> float:
    """Mean reciprocal rank, up to the tenth, at which three of its title's words find a product.

    titles  : n
    vectors : (n, d) unit vectors of the products' texts
    encode  : queries → (m, d) unit vectors
    """
    rows, queries = partial_titles(titles, seed)
    if not queries:
        return 0.0
    cosines = encode(queries) @ vectors.T  # (m, n)
    own = cosines[np.arange(len(rows)), rows]
    ranks = (cosines > own[:, None]).sum(1) + 1
    return float(np.where(ranks <= BEST, 1 / ranks, 0).mean())


def partial_titles(titles: Sequence[str], seed: int) -> tuple[NDArray[np.int64], list[str]]:
    """Some of the titles, by number, and of each WORDS words in their order; the same each time."""
    random = np.random.default_rng(seed)
    rows, queries = [], []
    for row in random.permutation(len(titles)).tolist():
        distinct = dict.fromkeys(surface_words(titles[row]))
        words = [word for word in distinct if word not in STOP_WORDS]
        if len(words) > WORDS:
            kept = np.sort(random.permutation(len(words))[:WORDS])
            rows.append(row)
            queries.append(" ".join(words[at] for at in kept.tolist()))
        if len(rows) == QUERIES:
            break
    return np.array(rows, np.int64), queries


def weight_of(found: float) -> float:
    """The share of meaning in the fused score that an encoder of this strength is worth.

    The square is assumed: it weighs less on Icecat (.14) and more on Taobao (.42).
    """
    usual = Calibration().semantic_weight
    return round(float(np.clip(usual * (found / USUAL) ** 2, LEAST, MOST)), 2)
