"""One page of a listing: the cards, how many there are, and every way on from here."""

from dataclasses import dataclass, replace

from mercato.shop.search import SearchAnswer, SearchCall, search
from mercato.web.asked import Ask
from mercato.web.cards import Card, Origin, card
from mercato.web.facets import Chip, Facet, Labels, chips, facets
from mercato.web.languages import Language
from mercato.web.led import leads_to, was_led
from mercato.web.links import FACETS, PER_PAGE, SORTS, Listing
from mercato.web.pages.banner import banner_path

PLACEMENT = "search"
"""Under which clicks on results are told."""


@dataclass(frozen=True)
class Choice:
    """One way to see the same results."""

    label: str
    value: str
    url: str
    chosen: bool


@dataclass(frozen=True)
class ShownBanner:
    """url : of our own, which counts the click and leads on; empty where it leads nowhere"""

    title: str
    text: str
    image_link: str
    url: str


@dataclass(frozen=True)
class Results:
    """total : cards in the whole set; first, last : positions of the page's cards, from 1
    pages : numbers around this page, first and last always; None stands for a gap
    fixed : parameters that a form on this page must keep, without sort, bounds and page
    banners : of rules; on the first page alone
    redirect : where a rule leads the shopper instead
    """

    query_id: str
    total: int
    first: int
    last: int
    cards: tuple[Card, ...]
    facets: tuple[Facet, ...]
    chips: tuple[Chip, ...]
    unfiltered: str
    sorts: tuple[Choice, ...]
    sizes: tuple[Choice, ...]
    pages: tuple[Choice | None, ...]
    previous: str | None
    next: str | None
    low: str
    high: str
    sort: str
    fixed: tuple[tuple[str, str], ...]
    did_you_mean: str | None
    banners: tuple[ShownBanner, ...]
    redirect: str | None


def results(ask: Ask, listing: Listing) -> Results:
    """Raises BadInput for a filter, a sort or a page that does not fit."""
    answer = _answer(ask, listing)
    labels = Labels(ask.visit.language, ask.currency)
    before = (answer.page - 1) * answer.per_page
    last_page = max(1, -(-answer.total // answer.per_page))
    return Results(
        query_id=answer.query_id,
        total=answer.total,
        first=before + 1 if answer.hits else 0,
        last=before + len(answer.hits),
        cards=tuple(
            card(hit.item, ask.currency, Origin(answer.query_id, PLACEMENT, position))
            for position, hit in enumerate(answer.hits, before + 1)
        ),
        facets=facets(listing, answer.facets, labels),
        chips=chips(listing, labels),
        unfiltered=replace(listing, chosen=(), filters=(), low="", high="", page=1).url(),
        sorts=tuple(_sort(listing, sort, labels.language) for sort in SORTS),
        sizes=tuple(_size(listing, size) for size in PER_PAGE),
        pages=_pages(listing, last_page),
        previous=_page_url(listing, listing.page - 1, last_page),
        next=_page_url(listing, listing.page + 1, last_page),
        low=listing.low,
        high=listing.high,
        sort=listing.sort,
        fixed=replace(listing, sort="", low="", high="", page=1).parameters(),
        did_you_mean=answer.did_you_mean,
        banners=tuple(
            ShownBanner(
                each.title,
                each.text,
                each.image_link,
                banner_path(each, answer.query_id) if each.link else "",
            )
            for each in answer.applied.banners
            if answer.page == 1
        ),
        redirect=leads_to(answer.applied.redirect, listing, led=was_led(ask.query)),
    )


def _answer(ask: Ask, listing: Listing) -> SearchAnswer:
    known = ask.shop.live.catalogue.columns.names()
    return search(
        ask.shop,
        SearchCall(
            q=listing.q,
            filters=listing.expressions(),
            facets=tuple(field for field in FACETS.values() if field in known),
            sort=listing.sort or None,
            page=listing.page,
            per_page=listing.per_page,
            user_id=ask.visit.ids.user_id,
            visitor_id=ask.visit.ids.visitor_id,
            session_id=ask.visit.ids.session_id,
        ),
    )


def _sort(listing: Listing, sort: str, language: Language) -> Choice:
    if sort:
        key = f"sort.{sort.replace(':', '_')}"
    else:
        key = "sort.best" if listing.q else "sort.popular"
    url = replace(listing, sort=sort, page=1).url()
    return Choice(language.text(key), sort, url, sort == listing.sort)


def _size(listing: Listing, size: int) -> Choice:
    url = replace(listing, per_page=size, page=1).url()
    return Choice(str(size), str(size), url, size == listing.per_page)


def _page_url(listing: Listing, page: int, last: int) -> str | None:
    return replace(listing, page=page).url() if 1 <= page <= last else None


def _pages(listing: Listing, last: int) -> tuple[Choice | None, ...]:
    """This page, its neighbours, the first and the last; nothing where there is one page only."""
    if last == 1:
        return ()
    here = listing.page
    near = sorted({1, last, *range(max(1, here - 1), min(last, here + 1) + 1)})
    found: list[Choice | None] = []
    for number, before in zip(near, [0, *near], strict=False):
        if number - before > 1:
            found.append(None)
        label = f"{number:,}"
        url = replace(listing, page=number).url()
        found.append(Choice(label, str(number), url, number == here))
    return tuple(found)
