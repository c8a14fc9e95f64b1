"""All families of features, and the matrix that they make."""

import numpy as np
from numpy.typing import NDArray

from mercato.ranking.candidates import Candidates
from mercato.ranking.features.asked import Asked
from mercato.ranking.features.codes import CODES
from mercato.ranking.features.coverage import COVERAGE
from mercato.ranking.features.demand import DEMAND
from mercato.ranking.features.first_stage import FIRST_STAGE
from mercato.ranking.features.kind import KIND
from mercato.ranking.features.known import KNOWN
from mercato.ranking.features.lexical import LEXICAL
from mercato.ranking.features.meaning import MEANING
from mercato.ranking.features.offer import OFFER
from mercato.ranking.features.phrase import PHRASE
from mercato.ranking.features.question import QUESTION
from mercato.ranking.features.taste import TASTE

FAMILIES = (
    FIRST_STAGE,
    LEXICAL,
    COVERAGE,
    PHRASE,
    CODES,
    MEANING,
    KIND,
    OFFER,
    DEMAND,
    TASTE,
    KNOWN,
    QUESTION,
)

NAMES = tuple(f"{family.name}: {name}" for family in FAMILIES for name in family.features)
"""Of the features, in the order of the matrix."""


def features(
    candidates: Candidates, needed: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """(k, len(NAMES)) float32, finite.

    needed : (len(NAMES),) features that are asked for; families without one are left at 0
    """
    asked = Asked(candidates)
    found = np.zeros((len(NAMES), len(candidates.rows)), np.float32)
    at = 0
    for family in FAMILIES:
        part = slice(at, at + len(family.features))
        if needed is None or needed[part].any():
            for row, column in zip(found[part], family.compute(asked), strict=True):
                row[:] = column
        at = part.stop
    return np.ascontiguousarray(found.T)
