"""A search and its answer."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.core.errors import BadInput
from mercato.ranking.candidates import Ranker
from mercato.ranking.fusion import Calibration

MOST_PER_PAGE = 100


class Mode(StrEnum):
    """What makes an item match."""

    HYBRID = "hybrid"
    LEXICAL = "lexical"
    SEMANTIC = "semantic"


@dataclass(frozen=True)
class SearchRequest:
    """What a shopper asks.

    filters : all must hold, see `catalogue.filters`
    facets  : fields whose values are to be counted
    sort    : ``field:asc`` or ``field:desc``; None for the best match first
    page    : counts from 1
    """

    q: str = ""
    filters: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    sort: str | None = None
    page: int = 1
    per_page: int = 24
    distinct: bool = True
    mode: str = Mode.HYBRID

    def check(self) -> None:
        """Raise BadInput where a number or the mode is out of range."""
        if self.page < 1:
            raise BadInput("page from 1", str(self.page), "Pages count from 1.")
        if not 1 <= self.per_page <= MOST_PER_PAGE:
            raise BadInput(
                f"per_page from 1 to {MOST_PER_PAGE}", str(self.per_page), "Ask for more pages."
            )
        if self.mode not in list(Mode):
            raise BadInput(f"mode as one of {', '.join(Mode)}", repr(self.mode), "Leave it out.")


@dataclass(frozen=True)
class SearchContext:
    """All that an answer depends on besides the request.

    encode : a text → (d,) float32; None where the release has no encoder
    ranker : orders the first of what the first stage finds; None where that is the order
    """

    catalogue: Catalogue
    encode: Callable[[str], NDArray[np.float32]] | None = None
    calibration: Calibration = Calibration()
    ranker: Ranker | None = None


@dataclass(frozen=True)
class SearchResult:
    """One page, and what holds for all of them.

    total  : items, or cards where ``distinct``
    rows   : (n,) int64, of this page, in order
    scores : (n,) float32
    facets : field → value → items, or cards; a facet's counts ignore filters on its own field
    """

    total: int
    page: int
    per_page: int
    rows: NDArray[np.int64]
    scores: NDArray[np.float32]
    facets: dict[str, dict[str, int]]
    did_you_mean: str | None
    applied: dict[str, Any]
