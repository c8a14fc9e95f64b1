"""The first page: what this shopper may want now."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from mercato.core.columns import TITLE, Event, Placement
from mercato.web.asked import Ask, Page
from mercato.web.departments import Category, departments
from mercato.web.shelves import Shelf, shelf

_RECENT_EVENTS = 50
_DEPARTMENT_SHELVES = 3
_DOORS = 12
_STALL = 6


@dataclass(frozen=True)
class Home:
    """user_id : None for a new shopper
    known : whether anything that they bought is known
    shelves : each with its reasons; a known shopper's repeats stand first
    stall : (drawing, colour) of what the shelves hold, each once
    departments : the fullest top levels, without what is below them
    """

    template: ClassVar[str] = "home.html"
    user_id: str | None
    known: bool
    shelves: tuple[Shelf, ...]
    stall: tuple[tuple[str, str], ...]
    departments: tuple[Category, ...]


def home(ask: Ask) -> Page:
    top = departments(ask.shop.live.catalogue)
    shelves = tuple(each for each in _shelves(ask, top) if each.cards)
    drawn = ((card.tile.glyph, card.tile.hue) for each in shelves for card in each.cards)
    stall = tuple(dict.fromkeys(drawn))[:_STALL]
    doors = tuple(replace(each, children=()) for each in top[:_DOORS])
    known = any(each.placement == Placement.BUY_AGAIN for each in shelves)
    return Page(Home(ask.visit.user_id, known, shelves, stall, doors))


def _shelves(ask: Ask, top: tuple[Category, ...]) -> Iterator[Shelf]:
    text = ask.visit.language.text
    again = shelf(ask, Placement.BUY_AGAIN, text("shelf.buy_again"))
    known = again.fallback is None
    if known:
        yield again
    viewed = _last_viewed(ask)
    if viewed is not None:
        title = text("shelf.because", title=viewed[1])
        yield shelf(ask, Placement.ITEM_SIMILAR, title, item_id=viewed[0])
    yield shelf(ask, Placement.HOME, text(_discovery(known=known, looked=viewed is not None)))
    if not known:
        for category in top[:_DEPARTMENT_SHELVES]:
            title = text("shelf.popular_in", name=category.name)
            yield shelf(ask, Placement.CATEGORY, title, category=category.path)


def _discovery(*, known: bool, looked: bool) -> str:
    """The key of the title that is true of the shelf of new things."""
    if known:
        return "shelf.discover"
    return "shelf.picked" if looked else "shelf.popular"


def _last_viewed(ask: Ask) -> tuple[str, str] | None:
    """(id, title) of the product that this visit looked at last and that is still sold."""
    visit, catalogue = ask.visit, ask.shop.live.catalogue
    ids = ask.shop.pseudonyms
    user_id, visitor_id = ids.maybe(visit.user_id), ids.maybe(visit.visitor_id)
    events = ask.shop.state.events.recent(user_id, visitor_id, limit=_RECENT_EVENTS)
    for event in reversed(events):
        if event.event == Event.VIEW_ITEM and event.session_id == visit.session_id:
            row = None if event.item_id is None else catalogue.row(event.item_id)
            if row is not None and event.item_id is not None:
                return event.item_id, str(catalogue.item(row)[TITLE])
    return None
