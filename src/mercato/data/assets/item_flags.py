"""What is odd about products, by rules that look at the whole catalogue."""

from collections.abc import Mapping

import ibis
import pyarrow as pa

from mercato.data.asset import Asset, DeriveContext
from mercato.data.checks import accepted, required
from mercato.data.flags.item_identity import identity_flags
from mercato.data.flags.item_prices import price_flags
from mercato.data.flags.item_texts import RECOMMENDED, text_flags


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """One row a product and flag: what was found, the bound that it is beyond, and the product
    that it was compared with, where there are such."""
    items = context.keep(tables["items"])
    return ibis.union(
        *price_flags(items, tables["events"], context.shop.currency),
        *identity_flags(items, tables["near_duplicates"]),
        *text_flags(items, tables["item_languages"], context.shop.language),
    )


MEANINGS: Mapping[str, str] = {
    "price-zero": "The price is 0.",
    "sale-price-above-price": "The sale price is above the price.",
    "currency-foreign": "The currency is not the shop's.",
    "price-outlier": "Far from the prices of the same category and currency: more than 3.5 robust "
    "deviations and a factor of 10 from their median, on a log scale (Iglewicz & Hoaglin, 1993).",
    "price-off-sales": "Ten times the median of what shoppers paid for it, or a tenth.",
    "gtin-check-digit": "The trade item number has another length, or a wrong check digit.",
    "same-gtin": "Another product has the same trade item number.",
    "near-duplicate": "Title and brand read nearly as another product's that is no variant of it: "
    "a Jaccard similarity of at least 0.9 over shingles of four letters.",
    **{f"missing-{name}": f"It has no `{name}`." for name in RECOMMENDED},
    "language-differs": "Title and description are in another language than declared, by a "
    "probability of at least 0.9; which, says `item_languages`.",
}
"""Flag → what it means."""

ITEM_FLAGS = Asset(
    name="item_flags",
    description="What is odd about products: prices, doubles, numbers, gaps, languages.",
    owner="catalogue",
    keys=("item_id", "flag"),
    inputs=("items", "events", "near_duplicates", "item_languages"),
    build=build,
    checks=(
        required("item_id", "Report this."),
        required("flag", "Report this."),
        accepted("flag", MEANINGS, "a flag that has a meaning", "Report this."),
    ),
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
