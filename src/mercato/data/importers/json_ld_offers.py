"""Offers of schema.org: what a product costs, what it cost before, whether it can be had.

https://developers.google.com/search/docs/appearance/structured-data/merchant-listing
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from mercato.core.columns import Availability
from mercato.data.casts import amounts, spaced
from mercato.data.importers.json_ld_graph import Node, local, types_of
from mercato.data.importers.json_ld_values import Plain, Values

_REGULAR = frozenset({"ListPrice", "MSRP", "RegularPrice", "SRP", "StrikethroughPrice"})
"""Types of prices that are not what is paid (https://schema.org/PriceTypeEnumeration)."""

_CONDITIONAL = ("eligibleQuantity", "referenceQuantity", "validForMemberTier")
"""Prices of a litre, of a dozen or of members are not the price."""

_AVAILABILITY = {"MadeToOrder": "BackOrder", "Reserved": "OutOfStock"}
"""Values of schema.org that the Merchant feed has no word for."""

_GONE = ("OutOfStock", "SoldOut", "Discontinued", Availability.OUT_OF_STOCK)


@dataclass(frozen=True)
class Offer:
    """price : what is paid; regular : what it cost before, empty where nothing says so"""

    price: str = ""
    regular: str = ""
    currency: str = ""
    availability: str = ""
    url: str = ""
    sku: str = ""
    name: str = ""
    attributes: dict[str, Plain] = field(default_factory=dict)

    @property
    def amount(self) -> float:
        return amount(self.price)

    @property
    def is_on_sale(self) -> bool:
        return amount(self.regular) > self.amount


def amount(written: str) -> float:
    """NaN where it is none; so no comparison with it holds."""
    if not written:
        return math.nan
    if written.replace(".", "", 1).isdecimal() and written.isascii():
        return float(written)
    found = amounts(pa.array([written], pa.string()))[0].as_py()
    return math.nan if found is None else float(found)


def offers_of(product: Node, values: Values) -> list[Offer]:
    """All offers of a product; those within an AggregateOffer, else its lowest price."""
    found = []
    for node in values.nodes(product.get("offers")):
        inner = values.nodes(node.get("offers")) if "AggregateOffer" in types_of(node) else []
        found += [_offer(each, values) for each in inner or [node]]
    return found


def best(offers: Sequence[Offer]) -> Offer:
    """The cheapest that can be had, else the cheapest; the first of equals."""
    if not offers:
        return Offer()
    return min(
        offers,
        key=lambda offer: (
            offer.availability in _GONE,
            math.inf if math.isnan(offer.amount) else offer.amount,
        ),
    )


def _offer(node: Node, values: Values) -> Offer:
    paid = values.text(node.get("price")) or values.text(node.get("lowPrice"))
    currency = values.text(node.get("priceCurrency"))
    regular = ""
    for part in values.nodes(node.get("priceSpecification")):
        if any(key in part for key in _CONDITIONAL):
            continue
        price = values.text(part.get("price")) or values.text(part.get("minPrice"))
        currency = currency or values.text(part.get("priceCurrency"))
        if local(part.get("priceType", "")) in _REGULAR:
            regular = regular or price
        else:
            paid = paid or price
    return Offer(
        price=paid or regular,
        regular=regular,
        currency=currency,
        availability=_availability(values.text(_named(node.get("availability")))),
        url=next(iter(values.addresses(node.get("url"))), ""),
        sku=values.text(node.get("sku")),
        name=values.text(node.get("name")),
        attributes=_attributes(node, values),
    )


def _named(value: object) -> object:
    """Members of an enumeration come as names, addresses, or nodes that are only an ``@id``."""
    return value.get("@id", value) if isinstance(value, dict) else value


def _availability(written: str) -> str:
    name = local(written) if written else ""
    return _AVAILABILITY.get(name, name)


def _attributes(node: Node, values: Values) -> dict[str, Plain]:
    condition = values.text(_named(node.get("itemCondition")))
    return {
        "condition": spaced(local(condition).removesuffix("Condition")) if condition else None,
        "high_price": values.plain(node.get("highPrice")),
        "offer_count": values.plain(node.get("offerCount")),
        "price_valid_until": values.plain(node.get("priceValidUntil")),
        "seller": values.plain(node.get("seller")),
    }
