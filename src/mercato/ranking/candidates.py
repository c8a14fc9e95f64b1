"""The items of an answer that a ranker puts into order, and all that it may know of them."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.ranking.demand import Demand
from mercato.ranking.evidence import Evidence
from mercato.ranking.known_answers import KnownAnswers
from mercato.ranking.taste import Taste
from mercato.ranking.understood import Understood


@dataclass(frozen=True)
class Candidates:
    """The first rows of a result by the first stage.

    rows    : (k,) int64, ascending, distinct, living
    scores  : (k,) float32, of the first stage
    n_found : items in the whole result
    now     : microseconds since 1970 UTC, on the shop's clock
    demand  : None where nothing is known of it
    taste   : the shopper's; None where nobody is known to ask
    known   : what was chosen for past queries; None where the ranker learned of none
    """

    catalogue: Catalogue
    understood: Understood
    evidence: Evidence
    rows: NDArray[np.int64]
    scores: NDArray[np.float32]
    n_found: int
    now: int = 0
    demand: Demand | None = None
    taste: Taste | None = None
    known: KnownAnswers | None = None


class Ranker(Protocol):
    """Puts candidates into order."""

    def scores(self, candidates: Candidates) -> NDArray[np.float32]:
        """(k,) higher is better."""
