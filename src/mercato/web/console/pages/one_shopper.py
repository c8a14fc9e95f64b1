"""One shopper, under a pseudonym: what is known of them, and what they did; each look on record."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from mercato.data.assets.histories import HISTORIES
from mercato.shop.audience import MOST_MOMENTS, Moment, OneShopper, one_shopper
from mercato.web.asked import Revealed
from mercato.web.cards import Card, card
from mercato.web.console.asked import Ask, Page
from mercato.web.console.pages.audience import PATH as AUDIENCE

PATH = f"{AUDIENCE}/shopper"


@dataclass(frozen=True)
class Done:
    """card : None where it was done with no product, or with one that is not sold any more"""

    at: datetime
    event: str
    quantity: float | None
    search_term: str
    item_id: str
    card: Card | None


@dataclass(frozen=True)
class OneShopperPage:
    """pseudonym : empty where nobody was asked for; the id itself stands nowhere
    facts : (name, value) out of the asset ``users``, values as text
    days : day → what was done on it, the newest first
    of   : all that is known of them, of which the newest ``most`` are shown
    """

    template: ClassVar[str] = "console/one_shopper.html"
    pseudonym: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    days: tuple[tuple[str, tuple[Done, ...]], ...] = ()
    of: int = 0
    most: int = MOST_MOMENTS


def shopper(ask: Ask) -> Page:
    """Parameters: ``user_id``, of a guest ``visitor:ID``."""
    user_id = ask.shopper()
    if not user_id:
        return Page(OneShopperPage())
    found = one_shopper(ask.shop, user_id)
    context = OneShopperPage(found.pseudonym, _facts(found), _days(ask, found), found.of)
    return Page(context, revealed=Revealed(HISTORIES.name, user_id))


def _facts(found: OneShopper) -> tuple[tuple[str, str], ...]:
    told = found.profile or {}
    texts = {
        "segment": told.get("segment") or "",
        "stage": told.get("stage") or "",
        "tags": ", ".join(told.get("tags") or ()),
        "orders": _number(told.get("orders")),
        "revenue": _number(told.get("revenue"), 2),
        "recency_days": _number(told.get("recency_days"), 1),
        "rfm": " · ".join(str(told[each]) for each in "rfm" if told.get(each) is not None),
        "categories": ", ".join(each["category"] for each in (told.get("categories") or ())[:5]),
    }
    return tuple((name, text) for name, text in texts.items() if text)


def _number(value: float | None, digits: int = 0) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def _days(ask: Ask, found: OneShopper) -> tuple[tuple[str, tuple[Done, ...]], ...]:
    days: dict[str, list[Done]] = {}
    for moment in found.moments:
        days.setdefault(moment.at.date().isoformat(), []).append(_done(ask, moment))
    return tuple((day, tuple(done)) for day, done in days.items())


def _done(ask: Ask, moment: Moment) -> Done:
    catalogue = ask.shop.live.catalogue
    row = catalogue.row(moment.item_id) if moment.item_id else None
    return Done(
        moment.at,
        moment.event,
        moment.quantity,
        moment.search_term,
        moment.item_id,
        None if row is None else card(catalogue.item(row), ask.currency),
    )
