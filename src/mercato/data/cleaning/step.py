"""What a step of cleaning is: declared on an asset, run on batches, counted row by row."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from mercato.data.checks import Rows


@dataclass(frozen=True)
class CleaningContext:
    """What steps may depend on besides the rows.

    currency    : the shop's, ISO 4217
    rates       : currency → what one unit of it is worth in the shop's
    timezone    : IANA name of the zone of times that name none
    date_format : strptime format in which the source writes its times, where that was said
    day_first   : column → whether its ``01/02/2026`` is the first of February, where the whole
                  source leaves no doubt; else None
    """

    currency: str = "USD"
    rates: Mapping[str, float] = field(default_factory=dict)
    timezone: str = "UTC"
    date_format: str | None = None
    day_first: Callable[[str], bool | None] = lambda column: None


@dataclass(frozen=True)
class Outcome:
    """What a step makes of a batch.

    typed : the columns that it gives anew, (n,) each
    noted : (n,) rows that the step speaks of; None: those in which a column differs
    """

    typed: Mapping[str, pa.Array]
    noted: pa.BooleanArray | None = None


Written = Callable[[pa.Array], pa.Array]
"""A column as its source wrote it → what is to be read; the very same array where nothing
changes."""

Apply = Callable[[Rows, CleaningContext], Outcome | None]
"""A batch in, what changes out; None where nothing does."""

Whole = Callable[[Mapping[str, int], Mapping[str, int]], Mapping[str, str]]
"""Values of a column in all rows of an import, and in the rows of the asset that it leaves as they
are, each with its count → the values that change, and into what."""


@dataclass(frozen=True)
class Cleaning:
    """One step, at one of three moments.

    written : before a cell is read
    apply   : batch by batch, when all cells are read
    whole   : when all rows are there, on the values of its one column
    """

    name: str
    columns: tuple[str, ...]
    description: str
    apply: Apply | None = None
    written: Written | None = None
    whole: Whole | None = None


@dataclass(frozen=True)
class CleanCount:
    """A step, the rows that it changed or speaks of, and the first of them."""

    step: str
    rows: int
    before: str | None
    after: str | None


def added(*counts: Iterable[CleanCount]) -> tuple[CleanCount, ...]:
    """Counts of several batches as one, in the order in which steps first occur."""
    sums: dict[str, CleanCount] = {}
    for count in (each for part in counts for each in part):
        first = sums.get(count.step, count)
        rows = count.rows + (first.rows if count.step in sums else 0)
        sums[count.step] = CleanCount(count.step, rows, first.before, first.after)
    return tuple(sums.values())
