"""A query into one page of items, exact counts and an order that stays: a pure function."""

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.analysis import words
from mercato.catalogue.filters import conjuncts, parse
from mercato.core.errors import BadInput
from mercato.search.matching import everything, matches, mode_of
from mercato.search.narrowing import Narrowing
from mercato.search.ordering import Keys, first, leaders
from mercato.search.request import Mode, SearchContext, SearchRequest, SearchResult
from mercato.search.sorting import sort_keys

__all__ = ["SearchContext", "SearchRequest", "SearchResult", "search"]


def search(request: SearchRequest, context: SearchContext) -> SearchResult:
    """Answer a request; the same request and context always give the same answer.

    Raises BadInput for a page past the last, an unknown field, a filter that cannot be read.
    """
    request.check()
    catalogue = context.catalogue
    filters = [parse(each) for each in request.filters]
    sought = words(request.q)
    mode = mode_of(request.mode, context) if sought else Mode(request.mode)
    found = matches(sought, mode, context) if sought else everything(catalogue)
    narrowing = Narrowing(catalogue, found, tuple(conjuncts(filters)), everything=not sought)
    result = narrowing.result
    keys = sort_keys(request.sort, result, catalogue, by_score=bool(sought))
    cards = _cards(request, narrowing, keys)
    at = cards[_page(request, [key[cards] for key in keys])]
    return SearchResult(
        total=len(cards),
        page=request.page,
        per_page=request.per_page,
        rows=result.rows[at],
        scores=result.scores[at],
        facets={name: narrowing.facet(name, distinct=request.distinct) for name in request.facets},
        did_you_mean=None,
        applied={
            "filters": [str(each) for each in filters],
            "sort": request.sort,
            "mode": str(mode),
            "distinct": request.distinct,
        },
    )


def _cards(request: SearchRequest, narrowing: Narrowing, keys: Keys) -> NDArray[np.int64]:
    """Positions in the result of what is shown: every row, or the first of each group."""
    catalogue, rows = narrowing.catalogue, narrowing.result.rows
    if not request.distinct or not catalogue.grouped:
        return np.arange(len(rows))

    def choose() -> NDArray[np.int64]:
        return leaders(catalogue.group[rows], keys, catalogue.n_rows)

    whole = narrowing.everything and not narrowing.terms and request.sort is None
    return catalogue.memo.get("cards", choose) if whole else choose()


def _page(request: SearchRequest, keys: Keys) -> NDArray[np.int64]:
    start = (request.page - 1) * request.per_page
    total = len(keys[0])
    if start >= max(total, 1):
        last = max(1, -(-total // request.per_page))
        raise BadInput(f"a page from 1 to {last}", str(request.page), "There are no more items.")
    return first(keys, start + request.per_page)[start:]
