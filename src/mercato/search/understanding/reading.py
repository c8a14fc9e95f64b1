"""How a shop wants its queries to be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reading:
    """See ``[search]`` in shop.toml.

    properties : ``boost``, ``filter`` or ``off``: what a brand, a colour, … in a query becomes
    prices     : the same for prices, sales, stock and ratings
    currency   : ISO 4217 code of the shop's prices
    rates      : what one unit of another currency is worth in it
    """

    properties: str = "boost"
    prices: str = "filter"
    currency: str = "USD"
    rates: Mapping[str, float] = field(default_factory=dict)
