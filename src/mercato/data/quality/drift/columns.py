"""Columns that were filled and are not any more, or whose values lie elsewhere than before."""

import math
from collections.abc import Iterator

from mercato.data.quality.alarm import Alarm
from mercato.data.quality.arrival import Arrival
from mercato.data.quality.profile import ColumnProfile
from mercato.data.quality.psi import (
    is_significant,
    shift_of_numbers,
    shift_of_values,
)

MEDIUM = 0.5
"""Cohen's h = 2·asin√p - 2·asin√q of two shares: a medium effect (Cohen, Statistical Power
Analysis, 1988, §6.2)."""

COLLAPSE = 0.1
"""Distinct values per row, as a share of what it was before. Assumed."""

_FEWEST_ROWS = 200
_MANY_VALUES = 0.5
"""Distinct values per row from which a column tells its rows apart."""


def column_alarms(arrival: Arrival) -> Iterator[Alarm]:
    """At most one a column: it is empty, or says the same everywhere, or has shifted."""
    if arrival.before is None:
        return
    for name, now in arrival.now.columns.items():
        before = arrival.before.columns.get(name)
        if before is None or min(before.rows, now.rows) < _FEWEST_ROWS:
            continue
        alarm = (
            _emptied(arrival.asset.name, name, before, now)
            or _collapsed(arrival.asset.name, name, before, now)
            or _shifted(arrival.asset.name, name, before, now)
        )
        if alarm is not None:
            yield alarm


def _emptied(asset: str, name: str, before: ColumnProfile, now: ColumnProfile) -> Alarm | None:
    h = 2 * math.asin(math.sqrt(now.null_share)) - 2 * math.asin(math.sqrt(before.null_share))
    if h < MEDIUM:
        return None
    return Alarm(
        "empty-column",
        asset,
        name,
        f"{name} filled in about {1 - before.null_share:.1%} of rows, as before",
        f"{1 - now.null_share:.1%}",
        f"Check that the source still has the column; map it with --map {name}=THEIRS.",
    )


def _collapsed(asset: str, name: str, before: ColumnProfile, now: ColumnProfile) -> Alarm | None:
    filled, filled_now = before.rows - before.nulls, now.rows - now.nulls
    if before.percentiles or min(filled, filled_now) < _FEWEST_ROWS:
        return None
    was, is_now = before.distinct / filled, now.distinct / filled_now
    if was < _MANY_VALUES or is_now >= COLLAPSE * was:
        return None
    return Alarm(
        "same-values",
        asset,
        name,
        f"{name} to tell rows apart, about {was:.2f} values a row",
        f"{now.distinct:,} values in {filled_now:,} rows",
        f"Check which column of the source {name} is read from.",
    )


def _shifted(asset: str, name: str, before: ColumnProfile, now: ColumnProfile) -> Alarm | None:
    filled, filled_now = before.rows - before.nulls, now.rows - now.nulls
    if min(filled, filled_now) < _FEWEST_ROWS:
        return None
    if before.percentiles and now.percentiles:
        index, bins = shift_of_numbers(before.percentiles, now.percentiles)
    elif before.values and now.values:
        index, bins = shift_of_values(before.values, now.values)
    else:
        return None
    if not is_significant(index, bins, filled, filled_now):
        return None
    return Alarm(
        "distribution-shift",
        asset,
        name,
        f"{name} distributed as before (population stability index below .25)",
        f"{index:.2f}; {_middle(before)} before, {_middle(now)} now",
        "If it is meant, nothing is to be done; else mend the source and import it again.",
    )


def _middle(column: ColumnProfile) -> str:
    """The median of numbers, the most frequent value of others."""
    if column.percentiles:
        return f"median {column.percentiles[len(column.percentiles) // 2]:,.4g}"
    return f"mostly {max(column.values, key=lambda value: column.values[value])!r}"
