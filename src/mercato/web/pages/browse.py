"""The tree of all categories; with one chosen, its products."""

from dataclasses import dataclass
from typing import ClassVar

from mercato.web.asked import Ask, Page
from mercato.web.departments import Category, departments
from mercato.web.pages.listing import listing


@dataclass(frozen=True)
class Browse:
    """departments : the top level; each has its children"""

    template: ClassVar[str] = "browse.html"
    departments: tuple[Category, ...]


def browse(ask: Ask) -> Page:
    if ask.query.get("category"):
        return listing(ask)
    return Page(Browse(departments(ask.shop.live.catalogue)))
