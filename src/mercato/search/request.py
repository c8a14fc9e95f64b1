"""A search and its answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.entities import Entities
from mercato.catalogue.facets import Counting, Statistics
from mercato.catalogue.forms import Forms
from mercato.catalogue.lexicon_of_release import WrittenWords
from mercato.core.errors import BadInput
from mercato.ranking.candidates import Ranker
from mercato.ranking.demand import Demand
from mercato.ranking.fusion import Calibration
from mercato.ranking.intent import CategoryIntent
from mercato.ranking.rules.index import RuleIndex
from mercato.ranking.taste import Taste
from mercato.ranking.understood import Understood
from mercato.search.applied import Applied
from mercato.search.understanding.reading import Reading
from mercato.search.understanding.synonyms import Synonyms

MOST_PER_PAGE = 100

MOST_IN_WINDOW = 1_000


class Mode(StrEnum):
    """What makes an item match."""

    HYBRID = "hybrid"
    LEXICAL = "lexical"
    SEMANTIC = "semantic"


@dataclass(frozen=True)
class FacetAsked:
    """A field whose values are to be counted, otherwise than by its name alone.

    name        : under which it is answered; the field where empty
    own_filters : whether filters on the field itself count as well
    statistics  : whether its numbers are summed up
    """

    field: str
    name: str = ""
    own_filters: bool = False
    statistics: bool = False
    counting: Counting = Counting()


@dataclass(frozen=True)
class Window:
    """A part of the ordered result that is no page: it may be empty, or behind the end."""

    start: int
    length: int


@dataclass(frozen=True)
class SearchRequest:
    """What a shopper asks.

    filters : all must hold, see `catalogue.filters`
    facets  : fields whose values are to be counted
    sort    : ``field:asc`` or ``field:desc``; None for the best match first
    page    : counts from 1
    window  : instead of ``page`` and ``per_page``
    begun   : whether the last word may be the beginning of one
    """

    q: str = ""
    filters: tuple[str, ...] = ()
    facets: tuple[str | FacetAsked, ...] = ()
    sort: str | None = None
    page: int = 1
    per_page: int = 24
    distinct: bool = True
    mode: str = Mode.HYBRID
    window: Window | None = None
    begun: bool = False

    def check(self) -> None:
        """Raise BadInput where a number or the mode is out of range."""
        if self.page < 1:
            raise BadInput("page from 1", str(self.page), "Pages count from 1.")
        if not 1 <= self.per_page <= MOST_PER_PAGE:
            raise BadInput(
                f"per_page from 1 to {MOST_PER_PAGE}", str(self.per_page), "Ask for more pages."
            )
        if self.window is not None and not 0 <= self.window.length <= MOST_IN_WINDOW:
            expected = f"a window of at most {MOST_IN_WINDOW} items"
            raise BadInput(expected, str(self.window.length), "Ask for several.")
        if self.mode not in list(Mode):
            raise BadInput(f"mode as one of {', '.join(Mode)}", repr(self.mode), "Leave it out.")


NOTHING = np.zeros(0, np.int64)
"""No rows."""


@dataclass(frozen=True)
class SearchContext:
    """All that an answer depends on besides the request.

    encode : a text → (d,) float32; None where the release has no encoder
    ranker : orders the first of what the first stage finds; None where that is the order
    reading : what becomes of prices, brands, … in the words
    written : how the catalogue's words are written; None: spelling is left as it is
    forms   : of words in the shop's languages; None for English and Chinese
    entities : what phrases name; None: words are not read as brands, colours, …
    intent  : tells categories from words; None where that was not learned
    synonyms : terms that stand for each other
    rules   : merchandising rules; None where there are none
    segments : of the shopper who asks
    now     : microseconds since 1970 UTC
    clock   : the same on the shop's clock, see `shop.clock`
    demand  : how items do with shoppers; None where that is unknown
    taste   : the shopper's; None where nobody is known to ask
    unwanted : rows that the shopper does not want to see: they come last
    """

    catalogue: Catalogue
    encode: Callable[[str], NDArray[np.float32]] | None = None
    calibration: Calibration = Calibration()
    ranker: Ranker | None = None
    reading: Reading = Reading()
    written: WrittenWords | None = None
    forms: Forms | None = None
    entities: Entities | None = None
    intent: CategoryIntent | None = None
    synonyms: Synonyms = Synonyms()
    rules: RuleIndex | None = None
    segments: frozenset[str] = frozenset()
    now: int = 0
    clock: int = 0
    demand: Demand | None = None
    taste: Taste | None = None
    unwanted: NDArray[np.int64] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True)
class SearchResult:
    """One page, and what holds for all of them.

    total  : items, or cards where ``distinct``
    rows   : (n,) int64, of this page, in order
    scores : (n,) float32
    facets : name → value → items, or cards; unless asked otherwise a facet's counts ignore
             filters on its own field
    statistics : name → of the facets that were asked so and have numbers
    """

    total: int
    page: int
    per_page: int
    rows: NDArray[np.int64]
    scores: NDArray[np.float32]
    facets: dict[str, dict[str, int]]
    statistics: dict[str, Statistics]
    understood: Understood
    did_you_mean: str | None
    applied: Applied
