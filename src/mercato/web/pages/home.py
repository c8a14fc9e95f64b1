"""The first page: what this shopper may want now."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from mercato.core.columns import TITLE, Placement
from mercato.shop.overload.levels import Part, current_turn
from mercato.web.asked import Ask, Page
from mercato.web.cards import Card
from mercato.web.departments import Category, departments
from mercato.web.recently import recently
from mercato.web.shelves import Shelf, shelf

_MOST_SEEN = 8
_DEPARTMENT_SHELVES = 3
_DOORS = 12
_STALL = 6


@dataclass(frozen=True)
class Home:
    """user_id : None for a new shopper
    known : whether anything that they bought is known
    busy : whether the server had no time to look
    shelves : each with its reasons; a known shopper's repeats stand first
    seen : what this browser looked at lately
    stall : (drawing, colour) of what the shelves hold, each once
    departments : the fullest top levels, without what is below them
    """

    template: ClassVar[str] = "home.html"
    user_id: str | None
    known: bool
    busy: bool
    shelves: tuple[Shelf, ...]
    seen: tuple[Card, ...]
    stall: tuple[tuple[str, str], ...]
    departments: tuple[Category, ...]


def home(ask: Ask) -> Page:
    top = departments(ask.shop.live.catalogue)
    seen = recently(ask, _MOST_SEEN)
    shelves = tuple(each for each in _shelves(ask, top, seen.this_visit) if each.cards)
    drawn = ((card.tile.glyph, card.tile.hue) for each in shelves for card in each.cards)
    stall = tuple(dict.fromkeys(drawn))[:_STALL]
    doors = tuple(replace(each, children=()) for each in top[:_DOORS])
    known = any(each.placement == Placement.BUY_AGAIN for each in shelves)
    busy = Part.PERSONALISATION in current_turn().left_out
    return Page(Home(ask.visit.user_id, known, busy, shelves, seen.cards, stall, doors))


def _shelves(ask: Ask, top: tuple[Category, ...], viewed: str | None) -> Iterator[Shelf]:
    """viewed : id of what this visit looked at last"""
    text = ask.visit.language.text
    again = shelf(ask, Placement.BUY_AGAIN, text("shelf.buy_again"))
    known = again.fallback is None
    if known:
        yield again
    catalogue = ask.shop.live.catalogue
    row = None if viewed is None else catalogue.row(viewed)
    if row is not None:
        title = text("shelf.because", title=catalogue.item(row)[TITLE])
        yield shelf(ask, Placement.ITEM_SIMILAR, title, item_id=viewed)
    yield shelf(ask, Placement.HOME, text(_discovery(known=known, looked=row is not None)))
    if not known:
        for category in top[:_DEPARTMENT_SHELVES]:
            title = text("shelf.popular_in", name=category.name)
            yield shelf(ask, Placement.CATEGORY, title, category=category.path)


def _discovery(*, known: bool, looked: bool) -> str:
    """The key of the title that is true of the shelf of new things."""
    if known:
        return "shelf.discover"
    return "shelf.picked" if looked else "shelf.popular"
