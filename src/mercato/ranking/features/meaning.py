"""How near an item is in meaning: to the query, and to what fits the query best."""

import numpy as np

from mercato.ranking.features.asked import Asked
from mercato.ranking.features.family import Column, Family


def _compute(asked: Asked) -> list[Column]:
    candidates = asked.candidates
    cosine = candidates.evidence.cosine(candidates.rows, candidates.catalogue)
    vectors = candidates.catalogue.vectors
    if vectors is None:
        return [np.zeros(len(asked), np.float32)] * len(MEANING.features)
    best = np.float32(cosine.max(initial=0))
    found = vectors.of_rows(candidates.rows)
    codes = found.vectors.astype(np.float32)  # (k, d)
    middle = (asked.standing * found.inverse_lengths) @ codes
    length = max(float(np.linalg.norm(middle)), 1e-9)
    like = (codes @ (middle / np.float32(length))) * found.inverse_lengths
    return [cosine, best - cosine, like]


MEANING = Family(
    "meaning",
    {
        "cosine": "Nearness in meaning to the query",
        "behind the nearest": "How much nearer the nearest candidate is",
        "like the best": "Nearness in meaning to the candidates that fit best",
    },
    _compute,
)
