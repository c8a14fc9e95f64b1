"""Whether the words stand together and in order, and where in the title."""

import numpy as np

from mercato.ranking.features.asked import Asked
from mercato.ranking.features.family import Column, Family


def _compute(asked: Asked) -> list[Column]:
    places = asked.places
    first, present = places.first, places.present
    if not len(first):
        return [np.zeros(len(asked), np.float32)] * len(PHRASE.features)
    pairs = max(len(first) - 1, 1)
    ordered = present[1:] & (first[1:] > first[:-1]) & present[:-1]
    begins = first.min(axis=0)
    ends = np.where(present, first, -1).max(axis=0)
    count = present.sum(axis=0)
    found = count > 0
    lengths = np.maximum(places.lengths, 1)
    last, in_title = first[-1], asked.words.in_title
    return [
        places.neighbours.sum(axis=0) / pairs,
        ordered.sum(axis=0) / pairs,
        found * count / np.maximum(ends - begins + 1, np.maximum(count, 1)),
        found / (1 + begins),
        (ends + 1) / lengths,
        in_title[-1],
        in_title[0],
        present[-1] * (last + 1) / lengths,
        np.where(present[-1], lengths - 1 - last, -1),
    ]


PHRASE = Family(
    "phrase",
    {
        "neighbours": "Share of the query's neighbouring words that are neighbours in the title",
        "in order": "Share of the query's neighbouring words that the title has in this order",
        "density": "Words found in the title, over the stretch that they stand in",
        "begins early": "1 over the place of the first of them in the title",
        "ends late": "Place of the last of them, as a share of the title",
        "last word in title": "Whether the title holds the query's last word",
        "first word in title": "Whether the title holds the query's first word",
        "last word's place": "Place of the query's last word, as a share of the title",
        "behind last word": "Words of the title behind the query's last word; -1 without it",
    },
    _compute,
)
