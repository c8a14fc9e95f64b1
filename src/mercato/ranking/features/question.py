"""The query itself: the same for all candidates, so that trees can weigh others by it."""

import numpy as np

from mercato.ranking.features.asked import Asked
from mercato.ranking.features.family import Column, Family


def _compute(asked: Asked) -> list[Column]:
    candidates, words = asked.candidates, asked.words
    n = len(words.typed)
    best = float(candidates.scores.max(initial=0))
    numbers = sum(any(letter.isdigit() for letter in word.whole) for word in words.typed)
    values = (
        n,
        words.known.sum() / max(n, 1),
        best,
        np.log1p(candidates.n_found),
        numbers,
        words.rarity.max(initial=0),
    )
    return [np.full(len(asked), value, np.float32) for value in values]


QUESTION = Family(
    "query",
    {
        "words": "Words of the query",
        "known": "Share of them that the catalogue knows",
        "best score": "The first stage's best score",
        "found": "Log of the items found",
        "numbers": "Words with a digit",
        "rarest": "Rarity of its rarest word",
    },
    _compute,
)
