"""Whether the words stand together and in order, and where in the title."""

import numpy as np

from mercato.ranking.features.asked import Asked
from mercato.ranking.features.family import Column, Family


def _compute(asked: Asked) -> list[Column]:
    places, words = asked.places, asked.words
    same, present = places.same, places.present
    k, longest, m = same.shape
    if not m or not longest:
        return [np.zeros(k, np.float32)] * len(PHRASE.features)
    pairs = max(m - 1, 1)
    adjacent = (same[:, :-1, :-1] & same[:, 1:, 1:]).any(axis=1)  # (k, m - 1)
    first = np.where(present, same.argmax(axis=1), longest)  # (k, m)
    both = present[:, 1:] & present[:, :-1]
    ordered = both & (first[:, 1:] > first[:, :-1])
    last = np.where(present, first, -1).max(axis=1)
    begins = first.min(axis=1)
    count = present.sum(axis=1)
    span = np.maximum(last - begins + 1, 1)
    lengths = np.maximum(places.lengths, 1)
    found = count > 0
    return [
        adjacent.sum(axis=1) / pairs,
        ordered.sum(axis=1) / pairs,
        np.where(found, count / np.maximum(span, count), 0),
        np.where(found, 1 / (1 + begins), 0),
        np.where(found, (last + 1) / lengths, 0),
        words.in_title[-1],
        words.in_title[0],
        np.where(present[:, -1], (first[:, -1] + 1) / lengths, 0),
        np.where(present[:, -1], lengths - 1 - first[:, -1], -1),
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
