"""What is odd about products, by rules that look at the whole catalogue."""

from collections.abc import Mapping

import ibis
import pyarrow as pa

from mercato.data.asset import Asset, DeriveContext
from mercato.data.checks import required
from mercato.data.flags.item_identity import identity_flags
from mercato.data.flags.item_prices import price_flags
from mercato.data.flags.item_texts import text_flags


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """One row a product and flag: what was found, the bound that it is beyond, and the product
    that it was compared with, where there are such."""
    items = context.keep(tables["items"])
    return ibis.union(
        *price_flags(items, tables["events"], context.shop.currency),
        *identity_flags(items, tables["near_duplicates"]),
        *text_flags(items, tables["item_languages"], context.shop.language),
    )


ITEM_FLAGS = Asset(
    name="item_flags",
    description="What is odd about products: prices, doubles, numbers, gaps, languages.",
    owner="catalogue",
    keys=("item_id", "flag"),
    inputs=("items", "events", "near_duplicates", "item_languages"),
    build=build,
    checks=(required("item_id", "Report this."), required("flag", "Report this.")),
    schema=pa.schema(
        [
            ("item_id", pa.string()),
            ("flag", pa.string()),
            ("value", pa.float64()),
            ("bound", pa.float64()),
            ("other_id", pa.string()),
        ]
    ),
)
