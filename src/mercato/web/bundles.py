"""A product and what is bought in one go with it, put into the basket with one press."""

from dataclasses import dataclass

from mercato.web.basket import quoted
from mercato.web.cards import Card
from mercato.web.shelves import Shelf

_BESIDE = 2


@dataclass(frozen=True)
class Bundle:
    """cards : the product itself first
    total : of one piece of each
    """

    cards: tuple[Card, ...]
    total: float
    currency: str

    @property
    def items(self) -> str:
        """What its form sends: ids and their places on the shelf, see `pages.basket.add_all`."""
        places = ((each.id, 0 if each is self.cards[0] else _place(each)) for each in self.cards)
        return ".".join(f"{quoted(item_id)}*{place}" for item_id, place in places)


def _place(shown: Card) -> int:
    return 0 if shown.origin is None else shown.origin.position


def bundle(shown: Card, together: Shelf) -> Bundle | None:
    """None where too little can be bought, or not at a price in one currency; and where a shelf
    had to be filled, since then nothing says that its products are bought together."""
    if together.fallback is not None or not shown.buyable or shown.price.amount is None:
        return None
    currency = shown.price.currency
    beside = [
        each
        for each in together.cards
        if each.buyable and each.price.amount is not None and each.price.currency == currency
    ][:_BESIDE]
    if not beside:
        return None
    cards = (shown, *beside)
    return Bundle(cards, sum(each.price.amount or 0.0 for each in cards), currency)
