"""Prices on another level than before: a wrong unit, a wrong currency, a wrong column."""

import math
from collections.abc import Iterator

import ibis

from mercato.core import columns as c
from mercato.data.quality.alarm import Alarm
from mercato.data.quality.arrival import Arrival

LEVEL = math.log(1.5)
"""Of the median item's ratio. Assumed; the demo's supermarket has 1.00 from month to month."""

JUMP = math.log(5)
MOST_JUMPS = 0.02
"""Share of items whose price may change by more than the factor of `JUMP`; at most .0008 of the
supermarket's do in a month."""

FEWEST = 20
"""Items with a price before and after, to speak of a level."""

_COLUMNS = {"items": (c.PRICE, c.SALE_PRICE), "events": (c.PRICE,)}

REMEDY = "Check the unit (--price-unit cents) and the currency of the source; import it again."


def price_alarms(arrival: Arrival) -> Iterator[Alarm]:
    """The level of the median item first; else the share of items that jumped."""
    if arrival.present is None:
        return
    for column in _COLUMNS.get(arrival.asset.name, ()):
        items, median, jumps = _ratios(arrival, column)
        if items < FEWEST:
            continue
        if abs(median) >= LEVEL:
            yield Alarm(
                "price-level",
                arrival.asset.name,
                column,
                f"{column} near what it was before",
                f"the median of {items:,} items × {math.exp(median):,.4g}",
                REMEDY,
            )
        elif jumps / items > MOST_JUMPS:
            yield Alarm(
                "price-jumps",
                arrival.asset.name,
                column,
                f"at most {MOST_JUMPS:.0%} of items with {column} changed by a factor of 5",
                f"{jumps:,} of {items:,} items",
                REMEDY,
            )


def _ratios(arrival: Arrival, column: str) -> tuple[int, float, int]:
    """(items with a price before and now, median log ratio, items beyond `JUMP`)."""
    item = c.ID if arrival.asset.name == "items" else c.ITEM_ID
    assert arrival.present is not None
    known = arrival.present if arrival.asset.name == "items" else arrival.recent
    before = _levels(known, item, column)
    rows = arrival.rows if arrival.asset.name == "items" else arrival.brought
    now = _levels(rows, item, column).rename(level_now="level")
    pairs = before.inner_join(now, "item")
    ratio = pairs.level_now - pairs.level
    found = arrival.engine.table(
        pairs.aggregate(
            items=pairs.count(),
            median=ratio.median().coalesce(0.0),
            jumps=(ratio.abs() > JUMP).sum().coalesce(0),
        )
    ).to_pylist()[0]
    return found["items"], found["median"], found["jumps"]


def _levels(rows: ibis.Table, item: str, column: str) -> ibis.Table:
    """(item, level): the mean of the logarithms of what it costs."""
    priced = rows.filter((rows[column] > 0) & rows[item].notnull())
    return priced.group_by(item=priced[item]).aggregate(level=priced[column].ln().mean())
