"""Addresses of the storefront's pages, and what a listing's address says."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams

from mercato.catalogue.filters import And, Not, Or, Term
from mercato.core.columns import (
    AVAILABILITY,
    BRAND,
    COLOR,
    ID,
    MATERIAL,
    PRICE,
    PRODUCT_TYPE,
    SIZE,
)
from mercato.core.errors import BadInput

FACETS = {
    "category": PRODUCT_TYPE,
    "price": PRICE,
    "brand": BRAND,
    "size": SIZE,
    "color": COLOR,
    "material": MATERIAL,
    "availability": AVAILABILITY,
}
"""Parameter of a listing's address → the field that it filters and counts."""

SORTS = ("", "price:asc", "price:desc")
"""Orders that a listing offers; the empty one is the best match, or popularity without words."""

PER_PAGE = (24, 48, 96)

_MOST_WORDS = 200
"""Characters of a query that are read; what follows was pasted by mistake."""


def item_path(item_id: str) -> str:
    return f"/item/{quote(item_id, safe='')}"


def listing_path(category: str) -> str:
    """The page of a category, given by its whole path."""
    return "/browse?" + urlencode({"category": category})


@dataclass(frozen=True)
class Listing:
    """What a search or browse page shows, as its address says it.

    chosen    : (parameter of `FACETS`, value); several values of one field mean any of them
    filters   : expressions in the filter grammar, as they stand in the address
    low, high : bounds of the price, inclusive, as typed; empty where open
    """

    path: str
    q: str = ""
    chosen: tuple[tuple[str, str], ...] = ()
    filters: tuple[str, ...] = ()
    low: str = ""
    high: str = ""
    sort: str = ""
    page: int = 1
    per_page: int = PER_PAGE[0]

    @classmethod
    def read(cls, path: str, query: QueryParams) -> "Listing":
        """Raises BadInput for a page or a price that is no number."""
        return cls(
            path=path,
            q=query.get("q", "").strip()[:_MOST_WORDS],
            chosen=tuple(
                (name, value)
                for name in FACETS
                for value in dict.fromkeys(query.getlist(name))
                if value
            ),
            filters=tuple(each for each in query.getlist("filter") if each.strip()),
            low=_amount(query.get("low", "")),
            high=_amount(query.get("high", "")),
            sort=query.get("sort", ""),
            page=_whole(query.get("page", "1")),
            per_page=_whole(query.get("per_page", str(PER_PAGE[0]))),
        )

    def values(self, name: str) -> tuple[str, ...]:
        """The chosen values of one parameter."""
        return tuple(value for each, value in self.chosen if each == name)

    @property
    def category(self) -> str | None:
        """The chosen category where it is one; its ancestors are the way to it."""
        values = self.values("category")
        return values[0] if len(values) == 1 else None

    @property
    def narrowed(self) -> bool:
        return bool(self.chosen or self.filters or self.low or self.high)

    def expressions(self) -> tuple[str, ...]:
        """All that narrows the listing, in the filter grammar: one expression a field."""
        return tuple(self._expressions())

    def _expressions(self) -> Iterator[str]:
        for name, field in FACETS.items():
            values = self.values(name)
            if name == "category" and values:
                yield _within(values)
            elif values:
                yield " OR ".join(_term(field, value) for value in values)
        if self.low or self.high:
            yield f"{PRICE}:{self.low}..{self.high}"
        yield from self.filters

    def toggled(self, name: str, value: str) -> "Listing":
        """With one value more, or less where it is chosen; on the first page."""
        pair = (name, value)
        rest = tuple(each for each in self.chosen if each != pair)
        return replace(self, chosen=rest if pair in self.chosen else (*rest, pair), page=1)

    def within(self, category: str | None) -> "Listing":
        """In another category, or in none; on the first page."""
        rest = tuple(each for each in self.chosen if each[0] != "category")
        chosen = rest if category is None else (("category", category), *rest)
        return replace(self, chosen=chosen, page=1)

    def parameters(self) -> tuple[tuple[str, str], ...]:
        """The address's parameters; what stands at its default is left out."""
        plain = [("q", self.q), *self.chosen, *(("filter", each) for each in self.filters)]
        plain += [("low", self.low), ("high", self.high), ("sort", self.sort)]
        kept = [(name, value) for name, value in plain if value]
        if self.per_page != PER_PAGE[0]:
            kept.append(("per_page", str(self.per_page)))
        if self.page != 1:
            kept.append(("page", str(self.page)))
        return tuple(kept)

    def url(self) -> str:
        parameters = self.parameters()
        return f"{self.path}?{urlencode(parameters)}" if parameters else self.path


def _within(categories: Sequence[str]) -> str:
    """In one of the categories. The filter names the id too (no item's is empty), so that the
    facet of categories does not leave it out as its own: what is below the chosen one is wanted,
    not what is beside it."""
    terms = tuple(Not(Term(PRODUCT_TYPE, category)) for category in categories)
    outside = terms[0] if len(terms) == 1 else And(terms)
    return str(Not(Or((outside, Term(ID, "")))))


def _term(field: str, value: str) -> str:
    """One chosen value as a filter. A range's label is written as a filter takes it."""
    return f"{field}:{value}" if field == PRICE else str(Term(field, value))


def _whole(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return int(text)
    raise BadInput("a whole number of a page", repr(text), "Count pages from 1.")


def _amount(text: str) -> str:
    """A bound of the price, checked; shoppers of many places write a comma for the point."""
    text = text.strip().replace(",", ".")
    try:
        fits = not text or math.isfinite(float(text))
    except ValueError:
        fits = False
    if not fits:
        raise BadInput("an amount of money", repr(text), "Write a number such as 4.50.")
    return text
