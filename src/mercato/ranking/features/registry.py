"""All families of features, and the matrix that they make."""

import numpy as np
from numpy.typing import NDArray

from mercato.ranking.candidates import Candidates
from mercato.ranking.features.asked import read
from mercato.ranking.features.codes import CODES
from mercato.ranking.features.coverage import COVERAGE
from mercato.ranking.features.demand import DEMAND
from mercato.ranking.features.kind import KIND
from mercato.ranking.features.lexical import LEXICAL
from mercato.ranking.features.meaning import MEANING
from mercato.ranking.features.offer import OFFER
from mercato.ranking.features.phrase import PHRASE
from mercato.ranking.features.question import QUESTION
from mercato.ranking.features.taste import TASTE

FAMILIES = (
    LEXICAL,
    COVERAGE,
    PHRASE,
    CODES,
    MEANING,
    KIND,
    OFFER,
    DEMAND,
    TASTE,
    QUESTION,
)

NAMES = tuple(f"{family.name}: {name}" for family in FAMILIES for name in family.features)
"""Of the features, in the order of the matrix."""


def features(candidates: Candidates) -> NDArray[np.float32]:
    """(k, len(NAMES)) float32, finite."""
    asked = read(candidates)
    found = np.empty((len(NAMES), len(candidates.rows)), np.float32)
    columns = (column for family in FAMILIES for column in family.compute(asked))
    for at, column in enumerate(columns):
        found[at] = column
    return np.ascontiguousarray(found.T)
