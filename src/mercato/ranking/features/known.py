"""What was chosen before, for this query and for queries like it."""

import numpy as np

from mercato.ranking.features.asked import Asked
from mercato.ranking.features.family import Column, Family


def _compute(asked: Asked) -> list[Column]:
    candidates = asked.candidates
    known, query = candidates.known, candidates.evidence.cosines
    if known is None or query is None:
        return [np.zeros(len(asked), np.float32)] * len(KNOWN.features)
    base_rows = candidates.catalogue.base_of[candidates.rows]
    lent = known.lent(query.query, base_rows)
    return [lent.gain, lent.asked, np.full(len(asked), lent.nearest, np.float32)]


KNOWN = Family(
    "known answers",
    {
        "chosen": "How far it was chosen for this query and for those like it",
        "judged": "How far anything is known of it there, good or bad",
        "nearest": "Likeness of the most like query that is known, 1 for the same",
    },
    _compute,
)
