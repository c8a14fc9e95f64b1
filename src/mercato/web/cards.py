"""A product as every page shows it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from mercato.core.columns import (
    AVAILABILITY,
    BRAND,
    CURRENCY,
    ID,
    IMAGE_LINK,
    PRICE,
    SALE_PRICE,
    SIZE,
    TITLE,
    Availability,
)
from mercato.web.links import item_path
from mercato.web.tiles import Tile, tile

QUERY_ID = re.compile(r"[0-9a-f-]{1,64}")
"""Of an answer, as an address names it."""


@dataclass(frozen=True)
class Price:
    """amount : in the major unit of ``currency``; None where the feed named none
    before : the regular price where the item is on sale
    """

    amount: float | None
    before: float | None
    currency: str


@dataclass(frozen=True)
class Origin:
    """Where a product was shown: an event names it, so that the shown answer can be credited.

    position : counts from 1 over all pages of the answer
    """

    query_id: str
    placement: str
    position: int


@dataclass(frozen=True)
class Card:
    """url : of the item's page; carries the origin
    image : address of a picture, or None: then ``tile`` is the picture
    reason : why the product stands here, in the visit's language; None on result lists
    why : the same at length: what it was chosen by, and what did not count
    """

    id: str
    title: str
    url: str
    price: Price
    brand: str
    size: str
    image: str | None
    tile: Tile
    buyable: bool
    origin: Origin | None
    reason: str | None
    why: str | None = None


def card(
    item: Mapping[str, Any],
    currency: str,
    origin: Origin | None = None,
    reason: str | None = None,
    why: str | None = None,
) -> Card:
    """The card of an item in canonical columns; ``currency`` counts where the item has none."""
    return Card(
        id=item[ID],
        title=item[TITLE],
        url=item_url(item[ID], origin),
        price=price(item, currency),
        brand=item.get(BRAND) or "",
        size=item.get(SIZE) or "",
        image=_web_address(item.get(IMAGE_LINK)),
        tile=tile(item),
        buyable=item.get(AVAILABILITY) != Availability.OUT_OF_STOCK,
        origin=origin,
        reason=reason,
        why=why,
    )


def price(item: Mapping[str, Any], currency: str) -> Price:
    regular, sale = item.get(PRICE), item.get(SALE_PRICE)
    on_sale = sale is not None and (regular is None or sale < regular)
    return Price(
        amount=sale if on_sale else regular,
        before=regular if on_sale else None,
        currency=item.get(CURRENCY) or currency,
    )


def item_url(item_id: str, origin: Origin | None) -> str:
    path = item_path(item_id)
    if origin is None:
        return path
    return f"{path}?{urlencode(vars(origin))}"


def _web_address(link: str | None) -> str | None:
    """A link that may stand in a page: http(s) only, whatever the feed says."""
    return link if link and urlsplit(link).scheme in ("http", "https") else None
