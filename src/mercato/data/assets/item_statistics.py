"""Numbers of every item: what happened to it, smoothed rates, its place among prices."""

from collections.abc import Mapping

import ibis
import pyarrow as pa

from mercato.core.columns import PATH_SEPARATOR
from mercato.data.asset import Asset, DeriveContext
from mercato.data.casts import MOMENT
from mercato.data.checks import required
from mercato.data.money import price_paid, revenue
from mercato.data.shoppers import SHOPPER_ID, counted_lines
from mercato.data.smoothing import smoothed

BANDS = 5


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """One row an item of the catalogue, zeros where nothing happened.

    click_rate    : of impressions that led to a click, smoothed
    purchase_rate : of views that led to a purchase, smoothed
    price_band    : 1 (cheapest) to 5, quintile among the items of the top category level
    """
    counted = _counted(counted_lines(tables, context))
    items = _banded(tables["items"])
    joined = items.left_join(counted, "item_id").drop("item_id_right")
    numbers = {name: joined[name].coalesce(0) for name in (*_COUNTS, "shoppers")}
    sums = {name: joined[name].coalesce(0.0) for name in ("quantity", "revenue")}
    rows = joined.mutate(**numbers, **sums)
    rows = smoothed(rows, "click_rate", successes="clicks", trials="impressions")
    return smoothed(rows, "purchase_rate", successes="purchases", trials="views")


_COUNTS = {
    "impressions": "view_item_list",
    "clicks": "select_item",
    "views": "view_item",
    "carts": "add_to_cart",
    "purchases": "purchase",
}


def _counted(lines: ibis.Table) -> ibis.Table:
    """What the log says of each item."""
    lines = lines.filter(lines.item_id.notnull())
    bought = lines.event == "purchase"
    return lines.group_by("item_id").aggregate(
        **{name: (lines.event == event).sum() for name, event in _COUNTS.items()},
        shoppers=lines[SHOPPER_ID].nunique(where=bought),
        quantity=lines.quantity.coalesce(1.0).sum(where=bought),
        revenue=revenue(lines).sum(where=bought),
        first_ts=lines.ts.min(),
        last_ts=lines.ts.max(),
    )


def _banded(items: ibis.Table) -> ibis.Table:
    """(item_id, price_band); equal prices share a band, items without a price have none."""
    priced = items.select(
        item_id=items.id,
        price=price_paid(items),
        top=items.product_type.split(PATH_SEPARATOR)[0].coalesce(""),
    )
    below = priced.price.percent_rank().over(
        group_by=[priced.top, priced.price.isnull()], order_by=priced.price
    )
    band = ibis.least((below * BANDS).floor().cast("int32") + 1, BANDS)
    none = ibis.null("int32")
    return priced.select("item_id", price_band=ibis.ifelse(priced.price.isnull(), none, band))


ITEM_STATISTICS = Asset(
    name="item_statistics",
    description="What happened to every item: counts, smoothed rates, revenue, price band.",
    owner="data",
    keys=("item_id",),
    inputs=("events", "items", "shopper_flags"),
    build=build,
    checks=(required("item_id", "Report this."),),
    schema=pa.schema(
        [
            ("item_id", pa.string()),
            *((name, pa.int64()) for name in _COUNTS),
            ("shoppers", pa.int64()),
            ("quantity", pa.float64()),
            ("revenue", pa.float64()),
            ("click_rate", pa.float64()),
            ("purchase_rate", pa.float64()),
            ("first_ts", MOMENT),
            ("last_ts", MOMENT),
            ("price_band", pa.int32()),
        ]
    ),
)
