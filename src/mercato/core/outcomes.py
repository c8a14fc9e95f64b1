"""What an experiment can be about: outcomes of a shopper, spelled once."""

from collections.abc import Mapping
from enum import StrEnum


class Outcome(StrEnum):
    """Each is a sum over sum of units that saw an arm, from their first such answer on."""

    CLICK_RATE = "click-rate"
    """Answers with a click, of all answers."""
    SEARCHES_WITHOUT_CLICK = "searches-without-click"
    """Searches without a click, of all searches."""
    EMPTY_SEARCHES = "empty-searches"
    """Searches that found nothing, of all searches."""
    ADD_TO_CART = "add-to-cart"
    """Shoppers who put something into their cart, of all shoppers."""
    CONVERSION = "conversion"
    """Shoppers who bought, of all shoppers."""
    REVENUE = "revenue"
    """Of a shopper, in the shop's currency: value of purchases, else price × quantity."""


HIGHER_IS_BETTER: Mapping[Outcome, bool] = {
    Outcome.CLICK_RATE: True,
    Outcome.SEARCHES_WITHOUT_CLICK: False,
    Outcome.EMPTY_SEARCHES: False,
    Outcome.ADD_TO_CART: True,
    Outcome.CONVERSION: True,
    Outcome.REVENUE: True,
}
