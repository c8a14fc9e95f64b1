"""What makes a product's entry good: parts that are met or not, and their weights."""

from collections.abc import Callable
from dataclasses import dataclass

import ibis

from mercato.core import columns as c
from mercato.core.columns import PATH_SEPARATOR
from mercato.data.quality.gtin import is_gtin

SHORTEST_TITLE, LONGEST_TITLE = 15, 150
"""Characters. The longest is the Merchant feed's (https://support.google.com/merchants/answer/
6324415); shorter than 15 a title hardly names brand, product and size. Assumed."""

SHORTEST_DESCRIPTION = 60
"""Characters: a sentence. Assumed."""

LEVELS = 2
"""Of the category path; the Merchant feed recommends at least two (https://support.google.com/
merchants/answer/6324406)."""


@dataclass(frozen=True)
class Part:
    """weight : of 100; met : over the table of items, null counts as not met"""

    name: str
    weight: int
    expected: str
    met: Callable[[ibis.Table], ibis.Value]


def _filled(column: str) -> Callable[[ibis.Table], ibis.Value]:
    return lambda items: items[column].length() > 0


def _address(column: str) -> Callable[[ibis.Table], ibis.Value]:
    return lambda items: items[column].re_search(r"^https?://[^\s]+$")


PARTS: tuple[Part, ...] = (
    Part(
        "title",
        20,
        f"a title of {SHORTEST_TITLE} to {LONGEST_TITLE} characters",
        lambda items: items[c.TITLE].length().between(SHORTEST_TITLE, LONGEST_TITLE),
    ),
    Part(
        "description",
        15,
        f"a description of at least {SHORTEST_DESCRIPTION} characters",
        lambda items: items[c.DESCRIPTION].length() >= SHORTEST_DESCRIPTION,
    ),
    Part("image", 15, "an image_link that is a web address", _address(c.IMAGE_LINK)),
    Part(
        "price",
        15,
        "a price above 0 with its currency",
        lambda items: (items[c.PRICE] > 0) & items[c.CURRENCY].notnull(),
    ),
    Part(
        "category",
        10,
        f"a product_type of at least {LEVELS} levels",
        lambda items: items[c.PRODUCT_TYPE].split(PATH_SEPARATOR).length() >= LEVELS,
    ),
    Part("brand", 10, "a brand", _filled(c.BRAND)),
    Part("gtin", 5, "a gtin whose check digit is right", lambda items: is_gtin(items[c.GTIN])),
    Part("link", 5, "a link that is a web address", _address(c.LINK)),
    Part(
        "variant",
        5,
        "a color, a size or a material",
        lambda items: ibis.coalesce(items[c.COLOR], items[c.SIZE], items[c.MATERIAL]).notnull(),
    ),
)
"""The weights sum to 100. They are assumed: what search and shelves show and read weighs most."""
