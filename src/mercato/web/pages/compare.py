"""Products beside each other, as many as this browser put there."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mercato.core.columns import Placement
from mercato.core.errors import BadInput, NotFound
from mercato.web.asked import Ask, Page, Redirect
from mercato.web.cards import Card, card
from mercato.web.forms import require
from mercato.web.pages.item import facts_of
from mercato.web.shelves import Shelf, shelf
from mercato.web.visit import MOST_COMPARED


@dataclass(frozen=True)
class Row:
    """One fact of all products: a value each, empty where one has none.

    ours : whether ``fact.<name>`` is a text of ours; an attribute goes by its own name
    differs : whether it tells them apart
    """

    name: str
    ours: bool
    values: tuple[str, ...]
    differs: bool


@dataclass(frozen=True)
class ComparePage:
    """also : what else may be put beside them; None where there is no room, or nothing yet"""

    template: ClassVar[str] = "compare.html"
    cards: tuple[Card, ...]
    rows: tuple[Row, ...]
    also: Shelf | None
    most: int = MOST_COMPARED


def compare(ask: Ask) -> Page:
    catalogue = ask.shop.live.catalogue
    found = [catalogue.row(each) for each in ask.visit.compared]
    items = [catalogue.item(row) for row in found if row is not None]
    cards = tuple(card(each, ask.currency) for each in items)
    told = [{(fact.name, fact.ours): fact.value for fact in facts_of(each)} for each in items]
    names = dict.fromkeys(name for each in told for name in each)
    rows = (tuple(each.get(name, "") for each in told) for name in names)
    context = ComparePage(
        cards,
        tuple(
            Row(*name, values, len(set(values)) > 1)
            for name, values in zip(names, rows, strict=True)
        ),
        _also(ask, cards),
    )
    return Page(context)


def _also(ask: Ask, cards: tuple[Card, ...]) -> Shelf | None:
    if not 0 < len(cards) < MOST_COMPARED:
        return None
    title = ask.visit.language.text("compare.also")
    found = shelf(ask, Placement.ITEM_SIMILAR, title, item_id=cards[-1].id)
    there = {each.id for each in cards}
    return replace(found, cards=tuple(each for each in found.cards if each.id not in there))


def put_beside(ask: Ask) -> Redirect:
    """``POST /compare/add``: item_id. The oldest makes room where there are too many."""
    item_id = require(ask.form, "item_id")
    if ask.shop.live.catalogue.row(item_id) is None:
        raise NotFound("a product of this shop", repr(item_id), "Search for it by its name.")
    others = tuple(each for each in ask.visit.compared if each != item_id)
    compared = (*others, item_id)[-MOST_COMPARED:]
    return Redirect("/compare", replace(ask.visit, compared=compared))


def take_away(ask: Ask) -> Redirect:
    """``POST /compare/remove``: item_id."""
    item_id = require(ask.form, "item_id")
    if item_id not in ask.visit.compared:
        raise BadInput("a product that is compared", repr(item_id), "Open the page again.")
    others = tuple(each for each in ask.visit.compared if each != item_id)
    return Redirect("/compare", replace(ask.visit, compared=others))
