"""How well the words fit: BM25F, and in which field of an item they stand."""

import numpy as np

from mercato.catalogue.bm25 import TEXT_FIELDS
from mercato.ranking.features.asked import Asked
from mercato.ranking.features.family import Column, Family


def _compute(asked: Asked) -> list[Column]:
    candidates, words = asked.candidates, asked.words
    lexical = candidates.evidence.lexical(candidates.rows)
    mass = words.share[:, None] * words.weight
    by_field = [
        (mass * ((words.fields >> field) & 1)).sum(axis=0) for field in range(len(TEXT_FIELDS))
    ]
    best = np.float32(lexical.max(initial=0))
    return [lexical, lexical / max(best, np.float32(1e-9)), *by_field]


LEXICAL = Family(
    "words",
    {
        "bm25f": "BM25F, as a share of what no item can exceed",
        "bm25f of best": "BM25F, as a share of the best candidate's",
        **{
            f"in {field.name}": f"Rarity of the words in {field.name}, of all words"
            for field in TEXT_FIELDS
        },
    },
    _compute,
)
