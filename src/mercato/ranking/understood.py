"""A query as it was understood: what is sought, what is meant, and how each step came to it."""

from dataclasses import dataclass

from mercato.catalogue.filters import Filter
from mercato.catalogue.query import Sought
from mercato.ranking.intent import Intent


@dataclass(frozen=True)
class Step:
    """One thing that was read out of a query, as `explain` tells it.

    name       : of the step, as ``spelling``
    text       : the words that it is about
    made       : what became of them
    confidence : 0 to 1
    """

    name: str
    text: str
    made: str
    confidence: float = 1.0


@dataclass(frozen=True)
class Meant:
    """A property that words of a query ask for.

    confidence : 0 to 1
    hard       : whether it is a filter; otherwise items that have it are only preferred
    """

    filter: Filter
    text: str
    confidence: float
    hard: bool


@dataclass(frozen=True)
class Understood:
    """A query after all steps.

    q            : as typed
    text         : put right, and without what became a filter; the encoder reads it
    did_you_mean : the query put right, where something was
    exact        : rows of the products that the query names by a code: they come first
    by_meaning   : whether what is near in meaning is found too; a code has none
    intent       : which categories are asked for; None where that is unknown
    """

    q: str
    text: str
    sought: tuple[Sought, ...]
    meant: tuple[Meant, ...] = ()
    did_you_mean: str | None = None
    steps: tuple[Step, ...] = ()
    exact: tuple[int, ...] = ()
    by_meaning: bool = True
    intent: Intent | None = None
