"""Quantities and prices of event lines that stand far from those of the same product."""

import ibis

from mercato.data.flags.flagging import event_flag
from mercato.data.outliers import LEAST_FACTOR, LOWER, UPPER, with_bounds


def amount_flags(events: ibis.Table) -> list[ibis.Table]:
    """The bounds are those that statistics use where the shop winsorises."""
    lines = events.select("event_id", "line", "item_id", *LEAST_FACTOR)
    return [_outliers(lines, column) for column in LEAST_FACTOR]


def _outliers(lines: ibis.Table, column: str) -> ibis.Table:
    lines = with_bounds(lines, column, ["item_id"], LEAST_FACTOR[column])
    value = lines[column]
    far = (value > lines[UPPER]) | ((value > 0) & (value < lines[LOWER]))
    lines = lines.filter(far)
    bound = ibis.ifelse(lines[column] > lines[UPPER], lines[UPPER], lines[LOWER])
    return event_flag(lines, f"{column}-outlier", lines[column], bound)
