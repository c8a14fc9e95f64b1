"""What sells, by category and by how long ago."""

from collections.abc import Mapping

import ibis
import pyarrow as pa
from ibis import _

from mercato.core.columns import PATH_SEPARATOR
from mercato.data.asset import Asset, DeriveContext
from mercato.data.checks import required
from mercato.data.moments import UNTIL
from mercato.data.shoppers import SHOPPER_ID, counted_lines

PERIODS: Mapping[str, int | None] = {"all": None, "365d": 365, "90d": 90, "28d": 28, "7d": 7}
"""Days before the newest event (or ``until``) that a period covers."""

EVERYTHING = ""
"""The category that holds every item."""

_LEVELS = 8
"""Deeper levels of a category path get no ranking of their own."""


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """Purchase lines and distinct buyers of items, ranked within each category and period.

    A shop that logged no purchases at all is ranked by everything its shoppers did with items.
    """
    sold = _counted(counted_lines(tables, context))
    places = _places(tables["items"])
    in_levels = sold.inner_join(places, "item_id")
    everywhere = sold.mutate(category=ibis.literal(EVERYTHING))
    names = ["category", "period", "item_id", "lines", "shoppers"]
    rows = everywhere.select(names).union(in_levels.select(names))
    place = ibis.row_number().over(
        group_by=[rows.category, rows.period],
        order_by=[rows.lines.desc(), rows.shoppers.desc(), rows.item_id],
    )
    return rows.mutate(rank=place + 1)


def _counted(events: ibis.Table) -> ibis.Table:
    """(item, period) with its lines and shoppers."""
    lines = events.filter(events.item_id.notnull())
    any_purchase = (lines.event == "purchase").any().over()
    lines = lines.mutate(any_purchase=any_purchase)
    lines = lines.filter((_.event == "purchase") | ~_.any_purchase)
    lines = lines.filter(~_.event.isin(["refund", "remove_from_cart", "dismiss"]))
    lines = lines.mutate(newest=ibis.coalesce(UNTIL, lines.ts.max().over()))
    parts = []
    for period, days in PERIODS.items():
        part = lines
        if days is not None:
            part = lines.filter(lines.ts > lines.newest - ibis.interval(days=days))
        parts.append(
            part.group_by("item_id")
            .aggregate(lines=part.count(), shoppers=part[SHOPPER_ID].nunique())
            .mutate(period=ibis.literal(period))
        )
    return ibis.union(*parts)


def _places(items: ibis.Table) -> ibis.Table:
    """(item, category) for every level of the item's path."""
    parted = items.select(item_id=items.id, parts=items.product_type.split(PATH_SEPARATOR))
    levels = [
        parted.filter(parted.parts.length() > depth).select(
            "item_id", category=parted.parts[: depth + 1].join(PATH_SEPARATOR)
        )
        for depth in range(_LEVELS)
    ]
    return ibis.union(*levels)


POPULARITY = Asset(
    name="popularity",
    description="Items ranked by purchase lines, within every category and several periods.",
    owner="data",
    keys=("category", "period", "item_id"),
    inputs=("events", "items", "shopper_flags"),
    build=build,
    checks=(required("item_id", "Report this."),),
    schema=pa.schema(
        [
            ("category", pa.string()),
            ("period", pa.string()),
            ("item_id", pa.string()),
            ("lines", pa.int64()),
            ("shoppers", pa.int64()),
            ("rank", pa.int64()),
        ]
    ),
)
