"""Values that stand far from all others of their kind: on a log scale, by median and MAD.

The scale is robust: half of the values may be wrong before it moves (Iglewicz & Hoaglin, How to
Detect and Handle Outliers, 1993; 3.5 is their threshold). Prices and quantities are ratios, so
their logarithms are compared; where most values are equal the MAD is 0, and a least factor holds.
"""

import math
from collections.abc import Sequence

import ibis

from mercato.core.errors import BadInput
from mercato.core.settings import CleaningSettings

THRESHOLD = 3.5
_NORMAL = 1.4826
"""MAD → standard deviation, of a normal distribution."""

FEWEST = 5
"""Values that say what is usual; below, nothing is an outlier."""

LEAST_FACTOR = {"price": 10.0, "quantity": 20.0}
"""Nearer to the median than this is never an outlier: a promotion, a case of twelve."""

CENTRE, LOWER, UPPER = "centre", "lower", "upper"


def with_bounds(
    rows: ibis.Table, column: str, within: Sequence[str], least_factor: float
) -> ibis.Table:
    """The rows with the median of ``column`` among rows of the same ``within``, and the bounds
    beyond which a value is an outlier; null where fewer than 5 positive values are known."""
    known = rows.filter(rows[column] > 0)
    # Of each value once: a median of lines as they are holds all of them in memory.
    known = known.select(*within, _log=known[column].ln()).group_by([*within, "_log"])
    values = known.aggregate(_n=lambda t: t.count())
    centres = _medians(values, "_log", within).rename(_centre="_median")
    centres = centres.filter(centres["_of"] >= FEWEST)
    apart = values.inner_join(centres, within)
    apart = apart.mutate(_apart=(apart["_log"] - apart["_centre"]).abs())
    spreads = _medians(apart, "_apart", [*within, "_centre"]).rename(_mad="_median")
    far = ibis.greatest(spreads["_mad"] * (_NORMAL * THRESHOLD), math.log(least_factor))
    bounds = spreads.select(
        *within,
        **{
            CENTRE: spreads["_centre"].exp(),
            LOWER: (spreads["_centre"] - far).exp(),
            UPPER: (spreads["_centre"] + far).exp(),
        },
    )
    joined = rows.left_join(bounds, within)
    return joined.select(*rows.columns, CENTRE, LOWER, UPPER)


def _medians(rows: ibis.Table, column: str, within: Sequence[str]) -> ibis.Table:
    """(``within``, _median, _of): the median of ``column`` where each row counts ``_n`` times, and
    how many that are; of an even number the mean of the two in the middle."""
    ordered = [rows[name] for name in within]
    up_to = ibis.cumulative_window(group_by=ordered, order_by=rows[column])
    all_of = rows["_n"].sum().over(ibis.window(group_by=ordered))
    # Equal values may stand in any order: the sum up to each differs, the value there does not.
    placed = rows.mutate(_up_to=rows["_n"].sum().over(up_to), _of=all_of)
    lower = placed[column].min(where=placed["_up_to"] * 2 >= placed["_of"])
    upper = placed[column].min(where=placed["_up_to"] * 2 > placed["_of"])
    found = placed.group_by([*within, "_of"]).aggregate(_lower=lower, _upper=upper)
    return found.select(*within, "_of", _median=(found["_lower"] + found["_upper"]) / 2)


def winsorises(cleaning: CleaningSettings) -> bool:
    """Raises BadInput where the setting says neither ``flag`` nor ``winsorise``."""
    if cleaning.outliers not in ("flag", "winsorise"):
        raise BadInput(
            "cleaning.outliers as flag or winsorise", repr(cleaning.outliers), "Mend shop.toml."
        )
    return cleaning.outliers == "winsorise"


def winsorised(lines: ibis.Table) -> ibis.Table:
    """Event lines with quantities and prices at the nearest bound where they are beyond it, and
    values by as much less or more (Tukey, The Future of Data Analysis, 1962)."""
    for column, least_factor in LEAST_FACTOR.items():
        bounded = with_bounds(lines, column, ["item_id"], least_factor)
        low, high = bounded[LOWER], bounded[UPPER]
        value = bounded[column]
        # Nothing bought and nothing paid are no ratios; they stay.
        nearest = ibis.ifelse(value > high, high, ibis.ifelse(value < low, low, value))
        nearest = ibis.ifelse((value > 0) & low.notnull(), nearest, value)
        factor = (nearest / value.nullif(0.0)).coalesce(1.0)
        lines = bounded.mutate(**{column: nearest, "value": bounded["value"] * factor}).drop(
            CENTRE, LOWER, UPPER
        )
    return lines
