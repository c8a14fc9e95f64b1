"""What shoppers search for, and which searches want mending."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlencode

from mercato.core.errors import NotFound
from mercato.data.assets.query_lists import LISTS, QUERY_LISTS, TOP
from mercato.shop.activity import Listed, listed
from mercato.shop.query_fixes import Proposed, proposed
from mercato.web.asked import Revealed
from mercato.web.console.asked import ROOT, Ask, Page
from mercato.web.console.pages.search import lab_url

PATH = f"{ROOT}/queries"

_A_PAGE = 20
"""Searches of a page; each is asked once more, to tell what it finds now."""


@dataclass(frozen=True)
class Asked:
    """One search, what came of it, and what would help. lab : address of the search lab for it"""

    listed: Listed
    proposed: Proposed
    lab: str


@dataclass(frozen=True)
class QueriesPage:
    """lists : (name, address, how many, whether it is the one shown)
    summed_at : when searches were last summed up; None where they never were
    page, pages : from 1
    """

    template: ClassVar[str] = "console/queries.html"
    name: str
    lists: tuple[tuple[str, str, int, bool], ...]
    asked: tuple[Asked, ...]
    summed_at: datetime | None
    page: int
    pages: int
    here: str


def queries(ask: Ask) -> Page:
    """Parameters: ``list`` of `LISTS`, ``page``."""
    name = ask.query.get("list", TOP)
    if name not in LISTS:
        raise NotFound(f"a list out of {', '.join(LISTS)}", repr(name), "Choose one of them.")
    found, summed_at = listed(ask.shop, name)
    pages = max(1, -(-len(found) // _A_PAGE))
    page = min(max(_number(ask.query.get("page", "1")), 1), pages)
    shown = found[(page - 1) * _A_PAGE : page * _A_PAGE]
    context = QueriesPage(
        name=name,
        lists=tuple(
            (each, queries_url(each), len(listed(ask.shop, each)[0]), each == name)
            for each in LISTS
        ),
        asked=tuple(Asked(each, proposed(ask.shop, each), lab_url(each.text)) for each in shown),
        summed_at=summed_at,
        page=page,
        pages=pages,
        here=queries_url(name, page),
    )
    # What people search for names them: whoever looks goes on record.
    return Page(context, revealed=Revealed(QUERY_LISTS.name) if shown else None)


def queries_url(name: str, page: int = 1) -> str:
    more = {"page": str(page)} if page > 1 else {}
    return f"{PATH}?{urlencode({'list': name, **more})}"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
