"""BM25F in pieces: the same arithmetic for a release's items and for later ones.

Robertson, Zaragoza & Taylor (2004), "Simple BM25 extension to multiple weighted fields",
https://doi.org/10.1145/1031171.1031181: the fields' frequencies are weighted and added before
they saturate. The score of a token in a row does not depend on the query, so it is computed once
and stored (BM25S, https://arxiv.org/abs/2407.03618).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SATURATION = 1.2
"""k1: the weighted frequency at which half of a token's score is reached (Lucene's default)."""


@dataclass(frozen=True)
class TextField:
    """A searchable part of an item.

    weight : what one occurrence counts
    length : b, 0 to 1, how far a long field counts less
    """

    name: str
    weight: float
    length: float = 0.75


TEXT_FIELDS = (
    TextField("title", 3.0),
    TextField("brand", 2.0),
    TextField("category", 1.5),
    TextField("codes", 3.0),
    TextField("variant", 1.0),
    TextField("description", 0.5),
    TextField("attributes", 0.5),
)


def rarity(n_items: int, frequency: NDArray[np.integer]) -> NDArray[np.float64]:
    """idf of tokens found in ``frequency`` of ``n_items`` items, as in Lucene: never negative."""
    return np.log1p((n_items - frequency + 0.5) / (frequency + 0.5))


def weighted_frequency(
    count: NDArray[np.integer],
    field: NDArray[np.integer],
    length: NDArray[np.integer],
    mean_lengths: NDArray[np.float64],
) -> NDArray[np.float64]:
    """What the occurrences of a token in one field add up to, before saturation; all (n,).

    mean_lengths : (n_fields,) tokens, over items that have the field
    """
    weight = np.array([each.weight for each in TEXT_FIELDS])[field]
    b = np.array([each.length for each in TEXT_FIELDS])[field]
    return np.asarray(weight * count / (1 - b + b * length / mean_lengths[field]), np.float64)


def saturate(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 0 to below 1, rising with the weighted frequency."""
    return frequency / (SATURATION + frequency)
