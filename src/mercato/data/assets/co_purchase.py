"""What is bought in the same basket."""

from collections.abc import Mapping

import ibis
import pyarrow as pa
from ibis import _

from mercato.data.asset import Asset, DeriveContext
from mercato.data.baskets import BASKET_ID, with_basket
from mercato.data.checks import required
from mercato.data.shoppers import SHOPPER_ID, counted_lines

MOST_PER_ITEM = 50
FEWEST_TOGETHER = 2
"""Baskets; one basket is chance."""
LARGEST_BASKET = 200
"""Items; larger baskets (a caterer's, a till's test) say little and cost their square."""


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """Pairs of items by the cosine over baskets (Salton & McGill, 1983), with their lift.

    together : baskets with both
    score    : together / √(baskets with one × baskets with the other)
    lift     : together × baskets / (baskets with one × baskets with the other)
    """
    bought = context.keep(_bought(tables, context))
    items = context.keep(_numbered(bought, "item_id", "item"))
    baskets = _numbered(bought, "basket_id", "basket")
    contents = bought.inner_join(items, "item_id").inner_join(baskets, "basket_id")
    contents = context.keep(contents.select("basket", "item"))
    total = contents.aggregate(total=contents.basket.nunique())
    counts = contents.group_by("item").aggregate(baskets=_.count())
    often = contents.semi_join(counts.filter(_.baskets >= FEWEST_TOGETHER), "item")
    pairs = context.keep(_pairs(often))
    one = counts.select("item", of_one="baskets")
    other = counts.select(other="item", of_other="baskets")
    scored = pairs.inner_join(one, "item").inner_join(other, "other").cross_join(total)
    both = scored.of_one.cast("float64") * scored.of_other
    scored = scored.mutate(
        score=scored.together / both.sqrt(), lift=scored.together * scored.total / both
    )
    other_items = items.select(other="item", other_id="item_id")
    return _best(scored).inner_join(items, "item").inner_join(other_items, "other")


def _bought(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """(basket_id, item_id), each once."""
    lines = with_basket(counted_lines(tables, context), context.session_gap_minutes)
    lines = context.keep(lines.select(BASKET_ID, "item_id"), each=SHOPPER_ID)
    distinct = lines.filter(lines.item_id.notnull()).distinct()
    sized = distinct.mutate(size=distinct.count().over(group_by=distinct[BASKET_ID]))
    return sized.filter(sized.size <= LARGEST_BASKET).drop("size")


def _numbered(bought: ibis.Table, name: str, number: str) -> ibis.Table:
    """Each distinct id with a number: numbers join and group faster than texts."""
    ids = bought.select(name).distinct()
    return ids.mutate(**{number: ibis.row_number().over(order_by=ids[name]).cast("int32")})


def _pairs(contents: ibis.Table) -> ibis.Table:
    """(item, other, together), in both directions."""
    again = contents.select(basket="basket", other="item")
    met = contents.inner_join(again, "basket")
    met = met.filter(met.item < met.other)
    counted = met.group_by(["item", "other"]).aggregate(together=_.count())
    counted = counted.filter(counted.together >= FEWEST_TOGETHER)
    back = counted.select(item="other", other="item", together="together")
    return counted.union(back)


def _best(scored: ibis.Table) -> ibis.Table:
    """Items are numbered by their ids, so ties go by id."""
    place = ibis.row_number().over(
        group_by=scored.item,
        order_by=[scored.score.desc(), scored.together.desc(), scored.other],
    )
    ranked = scored.mutate(rank=place + 1)
    return ranked.filter(ranked["rank"] <= MOST_PER_ITEM)


CO_PURCHASE = Asset(
    name="co_purchase",
    description="For every item the items that most often share its baskets.",
    owner="data",
    keys=("item_id", "other_id"),
    inputs=("events", "shopper_flags"),
    build=build,
    checks=(required("item_id", "Report this."), required("other_id", "Report this.")),
    schema=pa.schema(
        [
            ("item_id", pa.string()),
            ("other_id", pa.string()),
            ("together", pa.int64()),
            ("lift", pa.float64()),
            ("score", pa.float64()),
            ("rank", pa.int64()),
        ]
    ),
)
