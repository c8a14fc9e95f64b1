"""Prices that cannot be meant so."""

import math

import ibis

from mercato.data.flags.flagging import item_flag
from mercato.data.outliers import FEWEST, LEAST_FACTOR, LOWER, UPPER, with_bounds

_SALES_FACTOR = 10.0
"""A catalogue that asks ten times what was paid, or a tenth, has a slipped point or cents."""


def price_flags(items: ibis.Table, events: ibis.Table, currency: str) -> list[ibis.Table]:
    zero = items.filter(items.price == 0)
    above = items.filter(items.sale_price > items.price)
    foreign = items.filter(items.currency != currency)
    return [
        item_flag(zero, "price-zero", zero.price),
        item_flag(above, "sale-price-above-price", above.sale_price, above.price),
        item_flag(foreign, "currency-foreign"),
        _outliers(items),
        _off_sales(items, events),
    ]


def _outliers(items: ibis.Table) -> ibis.Table:
    """Far from the prices of the same category, in the same currency."""
    rows = items.select(
        "id",
        "price",
        category=items.product_type.coalesce(""),
        unit=items.currency.coalesce(""),
    )
    rows = with_bounds(rows, "price", ["category", "unit"], LEAST_FACTOR["price"])
    rows = rows.filter((rows.price > rows[UPPER]) | ((rows.price > 0) & (rows.price < rows[LOWER])))
    bound = ibis.ifelse(rows.price > rows[UPPER], rows[UPPER], rows[LOWER])
    return item_flag(rows, "price-outlier", rows.price, bound)


def _off_sales(items: ibis.Table, events: ibis.Table) -> ibis.Table:
    """Far from the median of what shoppers paid for the very product."""
    paid = events.filter((events.event == "purchase") & (events.price > 0))
    usual = paid.group_by("item_id", unit=paid.currency.coalesce("")).aggregate(
        usual=paid.price.median(), n=paid.count()
    )
    usual = usual.filter(usual.n >= FEWEST)
    asked = items.filter(items.price > 0)
    rows = asked.inner_join(
        usual, [asked.id == usual.item_id, asked.currency.coalesce("") == usual.unit]
    )
    rows = rows.mutate(factor=(rows.price / rows.usual).ln().abs())
    rows = rows.filter(rows.factor > math.log(_SALES_FACTOR))
    dear = rows.price > rows.usual
    bound = ibis.ifelse(dear, rows.usual * _SALES_FACTOR, rows.usual / _SALES_FACTOR)
    return item_flag(rows, "price-off-sales", rows.price, bound)
