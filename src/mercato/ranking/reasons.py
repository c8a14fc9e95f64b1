"""Why an item stands on a shelf, as a code and what it names; `web` puts it into words."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ReasonCode(StrEnum):
    BOUGHT_BEFORE = "bought-before"
    """The shopper bought it ``times`` times, last at ``last_ts``."""
    BECAUSE_BOUGHT = "because-bought"
    """Shoppers who buy ``item``, as this one did, buy it too; without an item, what they buy."""
    BECAUSE_VIEWED = "because-viewed"
    """Shoppers of ``item``, which this one looked at or put into the basket, buy it too."""
    BOUGHT_TOGETHER = "bought-together"
    """It is bought in one go with ``item``."""
    SIMILAR_TO = "similar-to"
    """It reads like ``item``."""
    POPULAR_IN_CATEGORY = "popular-in-category"
    """Many shoppers buy it, of all in ``category``."""
    YOUR_CATEGORY = "your-category"
    """The shopper buys things of ``category``."""
    NEW_IN_CATEGORY = "new-in-category"
    """Hardly anybody bought it yet, and this shopper buys things of ``category``."""
    VIEWED_INSTEAD = "viewed-instead"
    """Shoppers look at it beside ``item`` and buy one of the two."""
    NEAR_QUERY = "near-query"
    """It means something like the words that were searched for."""
    POPULAR = "popular"
    """``shoppers`` shoppers bought it lately; where some only looked, without their number."""
    ALSO_HERE = "also-here"
    """Nothing speaks for it but that it is sold here; of ``category``, where the shelf is."""


@dataclass(frozen=True)
class Reason:
    """The evidence that counted most for an item.

    item     : id of the item that it is told by
    times    : occasions
    last_ts  : microseconds since 1970 UTC, on the shop's clock
    category : path of a category
    shoppers : distinct shoppers
    """

    code: ReasonCode
    item: str | None = None
    times: int | None = None
    last_ts: int | None = None
    category: str | None = None
    shoppers: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The code and what else is known."""
        return {key: value for key, value in vars(self).items() if value is not None}
