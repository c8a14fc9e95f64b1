"""How much of the query an item holds, and how much of its title the query is."""

import numpy as np

from mercato.ranking.features.asked import Asked
from mercato.ranking.features.family import Column, Family


def _compute(asked: Asked) -> list[Column]:
    words, places = asked.words, asked.places
    held = words.weight > 0
    n = max(len(words.typed), 1)
    matched = places.matched / np.maximum(places.lengths, 1)
    in_title = words.in_title.sum(axis=0) / n
    missing = np.where(held, np.float32(0), words.share[:, None])
    return [
        held.sum(axis=0) / n,
        words.share @ words.weight,
        in_title,
        words.share @ words.in_title,
        missing.max(axis=0, initial=0),
        matched,
        2 * matched * in_title / np.maximum(matched + in_title, 1e-9),
        ((matched == 1) & (in_title == 1)).astype(np.float32),
        words.share @ (held * (1 - words.weight)),
        np.log1p(places.lengths),
    ]


COVERAGE = Family(
    "coverage",
    {
        "words held": "Share of the words that the item holds",
        "rarity held": "The same, rare words counting more",
        "words in title": "Share of the words that the title holds",
        "rarity in title": "The same, rare words counting more",
        "rarest missing": "Rarity of the rarest word that is missing, of all words",
        "title asked for": "Share of the title's words that the query has",
        "title overlap": "Harmonic mean of words in title and title asked for",
        "exact title": "Whether the title is the query",
        "not as typed": "Rarity of what only corrected or like words fit, of all words",
        "title length": "Log of the title's words",
    },
    _compute,
)
