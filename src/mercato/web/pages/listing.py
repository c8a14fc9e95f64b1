"""The page of results: of a search, of a category, or of both."""

from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import urlsplit

from mercato.core.columns import PATH_SEPARATOR, Event, Placement
from mercato.web.asked import Ask, Page
from mercato.web.departments import crumbs
from mercato.web.events import Sent, sent
from mercato.web.links import Listing
from mercato.web.results import Results, results
from mercato.web.shelves import Shelf, shelf


@dataclass(frozen=True)
class ListingPage:
    """q : the words searched for; empty where a category is only looked at
    category : name of the chosen category; empty where all are searched
    crumbs : (name, address) of the levels above it, the widest first
    instead : what to offer where nothing was found
    own : the best of a category for a shopper who is known, on its first page
    away : another host that a rule leads to
    """

    template: ClassVar[str] = "listing.html"
    q: str
    category: str
    crumbs: tuple[tuple[str, str], ...]
    results: Results
    instead: Shelf | None
    own: Shelf | None
    away: str | None


def listing(ask: Ask) -> Page:
    """``/search``, and ``/browse`` where the address names a category."""
    asked = Listing.read(ask.path, ask.query)
    found = results(ask, asked)
    instead = None
    if found.total == 0:
        title = ask.visit.language.text("shelf.instead")
        instead = shelf(ask, Placement.ZERO_RESULTS, title, q=asked.q)
    category = asked.category or ""
    context = ListingPage(
        q=asked.q,
        category=category.rpartition(PATH_SEPARATOR)[2],
        crumbs=crumbs(category),
        results=found,
        instead=instead,
        own=_own(ask, asked) if found.total else None,
        away=urlsplit(found.redirect or "").hostname,
    )
    # A browser lets no form lead to another host: there the page itself leads on.
    led = found.redirect if context.away is None else None
    return Page(context, _events(ask, asked, found), leads_to=led)


def _own(ask: Ask, asked: Listing) -> Shelf | None:
    if ask.visit.user_id is None or asked != Listing(asked.path).within(asked.category):
        return None
    if asked.category is None:
        return None
    name = asked.category.rpartition(PATH_SEPARATOR)[2]
    title = ask.visit.language.text("shelf.own", name=name)
    own = shelf(ask, Placement.CATEGORY, title, category=asked.category)
    return replace(own, more=None)


def _events(ask: Ask, asked: Listing, found: Results) -> tuple[Sent, ...]:
    if not asked.q:
        return ()
    event = sent(ask.visit, Event.VIEW_SEARCH_RESULTS, search_term=asked.q, query_id=found.query_id)
    return (event,)
