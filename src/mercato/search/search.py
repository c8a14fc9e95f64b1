"""A query into one page of items, exact counts and an order that stays: a pure function."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.facets import Statistics
from mercato.catalogue.filters import Filter, conjuncts, parse
from mercato.core.errors import BadInput
from mercato.ranking.understood import Understood
from mercato.search.applied import Applied, Read
from mercato.search.matching import Found, everything, matches, mode_of, nearest_of_all
from mercato.search.narrowing import Narrowing
from mercato.search.ordering import Keys, first, leaders
from mercato.search.request import (
    FacetAsked,
    Mode,
    SearchContext,
    SearchRequest,
    SearchResult,
)
from mercato.search.reranking import Ranked, reranked
from mercato.search.sorting import sort_keys
from mercato.search.understanding import understand
from mercato.search.understanding.spelling import STEP as SPELLING

__all__ = ["SearchContext", "SearchRequest", "SearchResult", "search"]

_NO_ROWS = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Answering:
    """A request on its way to its answer, before rows are ordered.

    filters : as the shopper gave them
    found   : R before filters
    relaxed : what was given up because nothing would have been left: filters that were read out
              of the words, or ``meaning``, the threshold by meaning
    """

    request: SearchRequest
    context: SearchContext
    understood: Understood
    mode: Mode
    filters: tuple[Filter, ...]
    found: Found
    narrowing: Narrowing
    relaxed: tuple[str, ...] = ()

    @property
    def with_words(self) -> bool:
        return bool(self.understood.sought)


def search(request: SearchRequest, context: SearchContext) -> SearchResult:
    """Answer a request; the same request and context always give the same answer.

    Raises BadInput for a page past the last, an unknown field, a filter that cannot be read.
    """
    answering = gather(request, context)
    result = order(answering)
    keys = sort_keys(request.sort, result, context.catalogue, by_score=answering.with_words)
    cards = _cards(answering, keys)
    at = cards[_page(request, [key[cards] for key in keys])]
    facets = _facets(request)
    return SearchResult(
        total=len(cards),
        page=request.page,
        per_page=request.per_page,
        rows=result.rows[at],
        scores=result.scores[at],
        facets={
            name: answering.narrowing.facet(asked, distinct=request.distinct)
            for name, asked in facets.items()
        },
        statistics=_statistics(answering.narrowing, facets),
        understood=answering.understood,
        did_you_mean=answering.understood.did_you_mean,
        applied=_applied(answering),
    )


def order(answering: Answering) -> Ranked:
    """The rows of the result with the scores that they stand by."""
    result = answering.narrowing.result
    plain = answering.request.mode != Mode.HYBRID or answering.request.sort is not None
    if plain or not answering.with_words:
        return Ranked.by_first_stage(result)
    return reranked(result, answering.understood, answering.found.evidence, answering.context)


def gather(request: SearchRequest, context: SearchContext) -> Answering:
    """Understand the words, find R, narrow it; where nothing is left, give something up."""
    request.check()
    filters = tuple(parse(each) for each in request.filters)
    understood = understand(request.q, context)
    mode = mode_of(request.mode, context) if understood.sought else Mode(request.mode)
    if understood.sought:
        found = matches(understood, mode, context)
    else:
        found = everything(context.catalogue)
    narrowing = _narrowing(found, filters, understood, context)
    answering = Answering(request, context, understood, mode, filters, found, narrowing)
    return answering if len(narrowing.result.rows) else _rescued(answering)


def _narrowing(
    found: Found, filters: tuple[Filter, ...], understood: Understood, context: SearchContext
) -> Narrowing:
    meant = tuple(each.filter for each in understood.meant if each.hard)
    terms = tuple(conjuncts(filters + meant))
    return Narrowing(context.catalogue, found.matches, terms, everything=not understood.sought)


def _rescued(answering: Answering) -> Answering:
    """Instead of nothing: first without the filters that were read out of the words, then by a
    lower threshold of meaning. The shopper's own filters stay."""
    understood = answering.understood
    hard = [each for each in understood.meant if each.hard]
    if hard:
        soft = tuple(replace(each, hard=False) for each in understood.meant)
        answering = _renarrowed(
            replace(answering, understood=replace(understood, meant=soft)),
            answering.found,
            [str(each.filter) for each in hard],
        )
    if answering.with_words and not len(answering.found.matches.rows):
        near = nearest_of_all(answering.found, answering.understood, answering.context)
        if len(near.matches.rows):
            answering = _renarrowed(answering, near, ["meaning"])
    return answering


def _renarrowed(answering: Answering, found: Found, relaxed: list[str]) -> Answering:
    narrowing = _narrowing(found, answering.filters, answering.understood, answering.context)
    return replace(
        answering, found=found, narrowing=narrowing, relaxed=(*answering.relaxed, *relaxed)
    )


def _applied(answering: Answering) -> Applied:
    request = answering.request
    return Applied(
        filters=tuple(str(each) for each in answering.filters),
        sort=request.sort,
        mode=str(answering.mode),
        distinct=request.distinct,
        understood=tuple(Read.of(each) for each in answering.understood.meant),
        corrected=tuple(
            {"from": each.text, "to": each.made}
            for each in answering.understood.steps
            if each.name == SPELLING
        ),
        relaxed=(*_words_given_up(answering.found), *answering.relaxed),
    )


def _words_given_up(found: Found) -> tuple[str, ...]:
    text = found.evidence.text
    return (f"words:{text.needed}/{text.n_known}",) if text is not None and text.given_up else ()


def _cards(answering: Answering, keys: Keys) -> NDArray[np.int64]:
    """Positions in the result of what is shown: every row, or the first of each group."""
    request, narrowing = answering.request, answering.narrowing
    catalogue, rows = narrowing.catalogue, narrowing.result.rows
    if not request.distinct or not catalogue.grouped:
        return np.arange(len(rows))

    def choose() -> NDArray[np.int64]:
        return leaders(catalogue.group[rows], keys, catalogue.n_rows)

    whole = narrowing.everything and not narrowing.terms and request.sort is None
    return catalogue.memo.get("cards", choose) if whole else choose()


def _facets(request: SearchRequest) -> dict[str, FacetAsked]:
    """What is asked of each facet, by the name under which it is answered."""
    asked = [FacetAsked(each) if isinstance(each, str) else each for each in request.facets]
    return {each.name or each.field: each for each in asked}


def _statistics(narrowing: Narrowing, facets: Mapping[str, FacetAsked]) -> dict[str, Statistics]:
    found = {
        name: narrowing.statistics(asked) for name, asked in facets.items() if asked.statistics
    }
    return {name: numbers for name, numbers in found.items() if numbers is not None}


def _page(request: SearchRequest, keys: Keys) -> NDArray[np.int64]:
    if request.window is not None:
        start, end = request.window.start, request.window.start + request.window.length
        return first(keys, end)[start:] if start < min(end, len(keys[0])) else _NO_ROWS
    start = (request.page - 1) * request.per_page
    total = len(keys[0])
    if start >= max(total, 1):
        last = max(1, -(-total // request.per_page))
        raise BadInput(f"a page from 1 to {last}", str(request.page), "There are no more items.")
    return first(keys, start + request.per_page)[start:]
