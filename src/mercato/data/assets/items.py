"""The catalogue, one row a product."""

import pyarrow as pa
import pyarrow.compute as pc

from mercato.core import columns as c
from mercato.data.asset import Asset
from mercato.data.casts import MOMENT, json_objects, spaced, text
from mercato.data.casts import amounts as amount_cast
from mercato.data.checks import (
    accepted,
    at_most_long,
    not_negative,
    readable,
    required,
    unique,
    web_address,
)
from mercato.data.cleaning.categories import (
    category_separators,
    category_slashes,
    category_spellings,
)
from mercato.data.cleaning.characters import composed, control_characters
from mercato.data.cleaning.currencies import converted_currency, foreign_currency
from mercato.data.cleaning.dates import other_dates
from mercato.data.cleaning.gtin import bare_gtin
from mercato.data.cleaning.html_text import html_to_text
from mercato.data.cleaning.measures import one_notation, one_notation_in_attributes
from mercato.data.cleaning.missing import missing_words
from mercato.data.cleaning.spaces import single_spaces, tidy_lines
from mercato.data.cleaning.zones import local_times, odd_hours
from mercato.data.currencies import CURRENCIES
from mercato.data.labels import Sensitivity

SCHEMA = pa.schema(
    [(name, pa.string()) for name in c.ITEM_TEXT]
    + [(name, pa.float64()) for name in c.ITEM_NUMBERS]
    + [(c.CREATED_AT, MOMENT), (c.ATTRIBUTES, pa.string())]
)

_IN_ONE_LINE = (c.TITLE, c.BRAND, c.PRODUCT_TYPE, c.COLOR, c.SIZE, c.MATERIAL)

_SPELLINGS = {
    "available": "in_stock",
    "instock": "in_stock",
    "true": "in_stock",
    "yes": "in_stock",
    "limited_availability": "in_stock",
    "in_store_only": "in_stock",
    "online_only": "in_stock",
    "unavailable": "out_of_stock",
    "outofstock": "out_of_stock",
    "sold_out": "out_of_stock",
    "discontinued": "out_of_stock",
    "false": "out_of_stock",
    "no": "out_of_stock",
    "pre_order": "preorder",
    "pre_sale": "preorder",
    "back_order": "backorder",
    "available_for_order": "backorder",
}
"""Other names of the Merchant feed's values; schema.org's among them."""


def _each_distinct(raw: pa.Array, change: dict[str, str]) -> pa.Array:
    """Replace texts; those that ``change`` lacks stay."""
    keys = pa.array(list(change), pa.string())
    found = pa.array(list(change.values()), pa.string()).take(pc.index_in(raw, value_set=keys))
    return pc.coalesce(found, raw)


def availability(raw: pa.Array) -> pa.Array:
    """The feed's spelling of `Availability`: ``in stock``, ``InStock``, schema.org's addresses."""
    bare = pc.replace_substring_regex(text(raw), r"^https?://schema\.org/", "")
    names = {each: spaced(each) for each in pc.unique(bare).to_pylist() if each is not None}
    return _each_distinct(_each_distinct(bare, names), _SPELLINGS)


def category_path(raw: pa.Array) -> pa.Array:
    """Levels apart by `` > ``, none of them empty."""
    apart = pc.replace_substring_regex(text(raw), r"\s*>[\s>]*", c.PATH_SEPARATOR)
    return text(pc.replace_substring_regex(apart, r"^[\s>]+|[\s>]+$", ""))


def currency(raw: pa.Array) -> pa.Array:
    return pc.utf8_upper(text(raw))


ITEMS = Asset(
    name="items",
    description="The products of the shop, under the Google Merchant feed's names.",
    owner="catalogue",
    schema=SCHEMA,
    keys=(c.ID,),
    sensitivity=Sensitivity.PUBLIC,
    traced=True,
    keeps_order=True,
    casts={
        c.AVAILABILITY: availability,
        c.PRODUCT_TYPE: category_path,
        c.CURRENCY: currency,
        c.PRICE: amount_cast,
        c.SALE_PRICE: amount_cast,
        c.ATTRIBUTES: json_objects,
    },
    cleaning=(
        missing_words([name for name in SCHEMA.names if name not in (c.ID, c.ATTRIBUTES)]),
        html_to_text((c.TITLE, c.DESCRIPTION)),
        control_characters(c.ITEM_TEXT),
        composed((*_IN_ONE_LINE, c.DESCRIPTION)),  # ids stay as events spell them
        single_spaces(_IN_ONE_LINE),
        tidy_lines((c.DESCRIPTION,)),
        category_separators(),
        category_slashes(),
        category_spellings(),
        one_notation(),
        one_notation_in_attributes(),
        bare_gtin(),
        converted_currency(c.ITEM_NUMBERS),
        foreign_currency(),
        other_dates(c.CREATED_AT),
        local_times(c.CREATED_AT),
        odd_hours(c.CREATED_AT),
    ),
    checks=(
        required(c.ID, "Give every product an id that stays the same for ever."),
        at_most_long(c.ID, 255),
        required(c.TITLE, "Give the product a title."),
        readable(c.PRICE, "an amount such as 15.00 or 15.00 USD", "Write the price as a number."),
        not_negative(c.PRICE, "Write the price a shopper pays."),
        readable(
            c.SALE_PRICE, "an amount such as 12.00 or 12.00 USD", "Write the price as a number."
        ),
        not_negative(c.SALE_PRICE, "Write the price a shopper pays."),
        web_address(c.LINK),
        web_address(c.IMAGE_LINK),
        accepted(
            c.CURRENCY, CURRENCIES, "an ISO 4217 code such as USD", "Write the currency's code."
        ),
        accepted(
            c.AVAILABILITY,
            ("in_stock", "out_of_stock", "preorder", "backorder"),
            "in_stock, out_of_stock, preorder or backorder",
            "Write one of these, or leave it out for in_stock.",
        ),
        readable(
            c.CREATED_AT,
            "a time such as 2026-05-01T12:00:00Z or an epoch",
            "Write it as ISO 8601 or as an epoch, or name its form with --date-format.",
        ),
        readable(c.ATTRIBUTES, "a JSON object", 'Write it as {"name": "value"}.'),
        unique((c.ID,), "Keep one row a product."),
    ),
)
