"""A query into one page of items, exact counts and an order that stays: a pure function."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.analysis import words
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.columns import Column
from mercato.catalogue.filters import Filter, conjuncts, fields_of, parse
from mercato.catalogue.masks import known_field
from mercato.core.errors import BadInput
from mercato.search.matching import Matches, everything, matches, mode_of
from mercato.search.ordering import Keys, first, leaders
from mercato.search.request import Mode, SearchContext, SearchRequest, SearchResult

__all__ = ["SearchContext", "SearchRequest", "SearchResult", "search"]


def search(request: SearchRequest, context: SearchContext) -> SearchResult:
    """Answer a request; the same request and context always give the same answer.

    Raises BadInput for a page past the last, an unknown field, a filter that cannot be read.
    """
    request.check()
    catalogue = context.catalogue
    filters = [parse(each) for each in request.filters]
    terms = conjuncts(filters)
    sought = words(request.q)
    mode = mode_of(request.mode, context) if sought else Mode(request.mode)
    found = matches(sought, mode, context) if sought else everything(catalogue)
    result = _where(found, terms, catalogue)
    keys = _keys(request.sort, result, catalogue, by_score=bool(sought))
    cards = np.arange(len(result.rows))
    if request.distinct and catalogue.grouped:
        cards = leaders(catalogue.group[result.rows], keys, catalogue.n_rows)
    page = _page(request, [key[cards] for key in keys])
    at = cards[page]
    return SearchResult(
        total=len(cards),
        page=request.page,
        per_page=request.per_page,
        rows=result.rows[at],
        scores=result.scores[at],
        facets={
            name: _facet(name, found, result, terms, catalogue, distinct=request.distinct)
            for name in request.facets
        },
        did_you_mean=None,
        applied={
            "filters": [str(each) for each in filters],
            "sort": request.sort,
            "mode": str(mode),
            "distinct": request.distinct,
        },
    )


def _where(found: Matches, terms: Sequence[Filter], catalogue: Catalogue) -> Matches:
    if not terms:
        return found
    passing = np.ones(len(found.rows), bool)
    for term in terms:
        passing &= catalogue.mask(term)[found.rows]
    return Matches(found.rows[passing], found.scores[passing])


def _facet(
    name: str,
    found: Matches,
    result: Matches,
    terms: Sequence[Filter],
    catalogue: Catalogue,
    *,
    distinct: bool,
) -> dict[str, int]:
    """Counts over the result as it would be without the terms on this field alone."""
    field = known_field(name, catalogue.columns)
    others = [term for term in terms if _fields(term, catalogue) != {field}]
    counted = result if len(others) == len(terms) else _where(found, others, catalogue)
    return catalogue.facet(field, counted.rows, distinct=distinct)


def _fields(term: Filter, catalogue: Catalogue) -> set[str]:
    return {known_field(name, catalogue.columns) for name in fields_of(term)}


def _keys(sort: str | None, result: Matches, catalogue: Catalogue, *, by_score: bool) -> Keys:
    place = catalogue.place[result.rows]
    relevance = (-result.scores, place) if by_score else (place,)
    if sort is None:
        return relevance
    order = _read_sort(sort)
    column = catalogue.columns[known_field(order.field, catalogue.columns)]
    return (_sort_key(column, result.rows, order, catalogue.n_rows), *relevance)


@dataclass(frozen=True)
class _Sort:
    field: str
    descending: bool


def _read_sort(text: str) -> _Sort:
    field, _, direction = text.rpartition(":")
    if not field or direction not in ("asc", "desc"):
        raise BadInput("sort as field:asc or field:desc", repr(text), "Write it like price:asc.")
    return _Sort(field, direction == "desc")


def _sort_key(
    column: Column, rows: NDArray[np.int64], sort: _Sort, n_rows: int
) -> NDArray[np.float64]:
    """(n,) the least number of each row, or less the greatest; infinite without one."""
    pairs = column.of_rows(rows)
    numbers = column.numbers[pairs.codes]
    if len(numbers) and np.isnan(numbers).all():
        raise BadInput("a field of numbers to sort by", repr(sort.field), "Sort by price.")
    known = ~np.isnan(numbers)
    key = np.full(n_rows, np.inf)
    np.minimum.at(key, pairs.rows[known], (-numbers if sort.descending else numbers)[known])
    return key[rows]


def _page(request: SearchRequest, keys: Keys) -> NDArray[np.int64]:
    start = (request.page - 1) * request.per_page
    total = len(keys[0])
    if start >= max(total, 1):
        last = max(1, -(-total // request.per_page))
        raise BadInput(f"a page from 1 to {last}", str(request.page), "There are no more items.")
    return first(keys, start + request.per_page)[start:]
