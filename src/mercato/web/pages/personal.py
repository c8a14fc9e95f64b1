"""What suggestions are made of, and the switch that keeps this shopper out of them."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mercato.core.columns import Event
from mercato.web.asked import Ask, Page, Redirect
from mercato.web.cards import Card
from mercato.web.events import EventItem, sent
from mercato.web.forms import require
from mercato.web.recently import recently

_SEEN = 12


@dataclass(frozen=True)
class PersonalPage:
    """on : whether what this browser did counts in what it is shown
    seen : what it looked at lately; none where it is off
    """

    template: ClassVar[str] = "personal.html"
    on: bool
    seen: tuple[Card, ...]


def personal(ask: Ask) -> Page:
    return Page(PersonalPage(ask.visit.personal, recently(ask, _SEEN).cards))


def switch(ask: Ask) -> Redirect:
    """``POST /personal``: on (1, or 0 for off)."""
    on = require(ask.form, "on") == "1"
    return Redirect("/personal", replace(ask.visit, personal=on))


def less(ask: Ask) -> Redirect:
    """``POST /less``: item_id; it and its like stand on this shopper's shelves no more."""
    line = EventItem(require(ask.form, "item_id"))
    told = sent(ask.visit, Event.DISMISS, [line])
    return Redirect(ask.back, ask.visit, (told,), ask.visit.language.text("why.less_done"))
