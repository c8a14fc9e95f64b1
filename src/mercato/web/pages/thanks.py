"""After a purchase: the next answer knows of it already."""

from dataclasses import dataclass
from typing import ClassVar

from mercato.core.columns import Placement
from mercato.core.errors import NotFound
from mercato.web.asked import Ask, Page
from mercato.web.pages.basket import read_order
from mercato.web.shelves import Shelf, shelf


@dataclass(frozen=True)
class Thanks:
    """order : the id under which the purchase stands in the events
    shelf : what this shopper may want next time
    """

    template: ClassVar[str] = "thanks.html"
    order: str
    shelf: Shelf


def thanks(ask: Ask) -> Page:
    order = read_order(ask.query.get("order", ""))
    if order is None:
        raise NotFound("an order", "none in this address", "Go on shopping from the first page.")
    title = ask.visit.language.text("shelf.next_time")
    return Page(Thanks(order, shelf(ask, Placement.HOME, title)))
