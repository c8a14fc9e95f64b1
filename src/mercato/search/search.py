"""A query into one page of items, exact counts and an order that stays: a pure function."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.facets import Statistics
from mercato.catalogue.filters import Filter, conjuncts, parse_all
from mercato.core.errors import BadInput
from mercato.core.tracing import span
from mercato.ranking.rules.effects import Effects
from mercato.ranking.understood import Understood
from mercato.search.applied import Applied, Read
from mercato.search.cards import Cards, choose
from mercato.search.matching import Found, everything, matches, mode_of, nearest_of_all
from mercato.search.narrowing import Narrowing
from mercato.search.ordering import Keys
from mercato.search.request import (
    FacetAsked,
    Mode,
    SearchContext,
    SearchRequest,
    SearchResult,
)
from mercato.search.reranking import Ranked, reranked
from mercato.search.ruling import effects_on, listed, pinned_rows, ruled, weighed
from mercato.search.sorting import sort_keys
from mercato.search.understanding import understand
from mercato.search.understanding.beginnings import last_word_begun
from mercato.search.understanding.spelling import STEP as SPELLING

__all__ = ["SearchContext", "SearchRequest", "SearchResult", "search"]


@dataclass(frozen=True)
class Answering:
    """A request on its way to its answer, before rows are ordered.

    filters : as the shopper gave them
    effects : of the rules that hold
    found   : R before rules and filters
    relaxed : what was given up because nothing would have been left: filters that were read out
              of the words, or ``meaning``, the threshold by meaning
    """

    request: SearchRequest
    context: SearchContext
    understood: Understood
    mode: Mode
    filters: tuple[Filter, ...]
    effects: Effects
    found: Found
    narrowing: Narrowing
    relaxed: tuple[str, ...] = ()

    @property
    def with_words(self) -> bool:
        return bool(self.understood.sought)

    @property
    def by_score(self) -> bool:
        """Whether scores order the items: without words, only where rules weigh them."""
        weighs = self.effects.changes_scores and self.request.sort is None
        return self.with_words or weighs


def search(request: SearchRequest, context: SearchContext) -> SearchResult:
    """Answer a request; the same request and context always give the same answer.

    Raises BadInput for a page past the last, an unknown field, a filter that cannot be read.
    """
    answering = gather(request, context)
    result, keys, cards = arranged(answering)
    at = page(request, cards, keys)
    return answer(answering, result.rows[at], result.scores[at], len(cards))


def answer(
    answering: Answering, rows: NDArray[np.int64], scores: NDArray[np.float32], total: int
) -> SearchResult:
    """One page of these rows, with what holds for all pages."""
    request, facets = answering.request, _facets(answering.request)
    return SearchResult(
        total=total,
        page=request.page,
        per_page=request.per_page,
        rows=rows,
        scores=scores,
        facets={
            name: answering.narrowing.facet(asked, distinct=request.distinct)
            for name, asked in facets.items()
        },
        statistics=_statistics(answering.narrowing, facets),
        understood=answering.understood,
        did_you_mean=answering.understood.did_you_mean,
        applied=_applied(answering),
    )


def arranged(answering: Answering) -> tuple[Ranked, Keys, Cards]:
    """The rows of the result with their scores, what they are ordered by, and what is shown."""
    result, sort = order(answering), answering.request.sort
    keys = sort_keys(sort, result, answering.context.catalogue, by_score=answering.by_score)
    unwanted = answering.context.unwanted
    if sort is None and len(unwanted):
        keys = (np.isin(result.rows, unwanted).astype(np.int8), *keys)
    return result, keys, _cards(answering, keys)


def order(answering: Answering) -> Ranked:
    """The rows of the result with the scores that they stand by."""
    result, effects = answering.narrowing.result, answering.effects
    if answering.request.sort is not None:
        return Ranked.by_first_stage(result)
    if not answering.with_words:
        return Ranked.by_first_stage(listed(result, effects, answering.context.catalogue))
    if answering.request.mode != Mode.HYBRID or answering.understood.exact:
        return Ranked.by_first_stage(weighed(result, effects, answering.context.catalogue))
    evidence = answering.found.evidence
    with span("rank"):
        return reranked(result, answering.understood, evidence, answering.context, effects)


def gather(request: SearchRequest, context: SearchContext) -> Answering:
    """Understand the words, find R, narrow it; where nothing is left, give something up."""
    request.check()
    filters = parse_all(request.filters)
    understood = understand(request.q, context)
    if request.begun:
        understood = last_word_begun(understood, context.catalogue)
    mode = mode_of(request.mode, context) if understood.sought else Mode(request.mode)
    if understood.sought:
        found = matches(understood, mode, context)
    else:
        found = everything(context.catalogue)
    effects = effects_on(understood, filters, context)
    narrowing = _narrowing(found, filters, understood, effects, context)
    answering = Answering(request, context, understood, mode, filters, effects, found, narrowing)
    return _rescued(answering) if _nothing_fits(answering) else answering


def _nothing_fits(answering: Answering) -> bool:
    """Whether nothing would have been left without rules either: what they hide was found, and
    what they pin is no answer to the words."""
    narrowing = answering.narrowing
    if not answering.effects.restricting or len(narrowing.result.rows) > len(narrowing.pinned):
        return not len(narrowing.result.rows)
    unruled = Narrowing(narrowing.catalogue, answering.found.matches, narrowing.terms)
    return not len(unruled.result.rows)


def _narrowing(
    found: Found,
    filters: tuple[Filter, ...],
    understood: Understood,
    effects: Effects,
    context: SearchContext,
) -> Narrowing:
    own = conjuncts(filters)
    meant = conjuncts(each.filter for each in understood.meant if each.hard)
    return Narrowing(
        context.catalogue,
        ruled(found.matches, effects, context.catalogue),
        tuple(own + meant),
        base=None if understood.sought else ("everything", effects.restricting),
        meant=frozenset(meant) - frozenset(own),
        pinned=pinned_rows(effects, context.catalogue),
    )


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
    narrowing = _narrowing(
        found, answering.filters, answering.understood, answering.effects, answering.context
    )
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
        rules=tuple(rule.id for rule in answering.effects.rules),
        redirect=answering.effects.redirect,
        banners=answering.effects.banners,
    )


def _words_given_up(found: Found) -> tuple[str, ...]:
    text = found.evidence.text
    return (f"words:{text.needed}/{text.n_known}",) if text is not None and text.given_up else ()


def _cards(answering: Answering, keys: Keys) -> Cards:
    """What is shown: every row, or one of each group; pinned ones unless a sort was asked for."""
    request, narrowing = answering.request, answering.narrowing
    catalogue, rows = narrowing.catalogue, narrowing.result.rows
    group = catalogue.group if request.distinct and catalogue.grouped else None
    pins = answering.effects.pins(catalogue) if request.sort is None else ()

    def chosen() -> Cards:
        return choose(rows, keys, group, pins)

    whole = narrowing.base is not None and not narrowing.terms
    own = answering.by_score or len(answering.context.unwanted)
    if not whole or (request.sort is None and own):
        return chosen()
    fields = narrowing.looked_at([request.sort.rpartition(":")[0]] if request.sort else [])
    key = ("cards", narrowing.base, request.sort, group is None, tuple(pins))
    return catalogue.memo.get(key, chosen, fields)


def _facets(request: SearchRequest) -> dict[str, FacetAsked]:
    """What is asked of each facet, by the name under which it is answered."""
    asked = [FacetAsked(each) if isinstance(each, str) else each for each in request.facets]
    return {each.name or each.field: each for each in asked}


def _statistics(narrowing: Narrowing, facets: Mapping[str, FacetAsked]) -> dict[str, Statistics]:
    found = {
        name: narrowing.statistics(asked) for name, asked in facets.items() if asked.statistics
    }
    return {name: numbers for name, numbers in found.items() if numbers is not None}


def page(request: SearchRequest, cards: Cards, keys: Keys) -> NDArray[np.int64]:
    """Positions in the result of the cards asked for. Raises BadInput for a page past the last."""
    start, end = between(request, len(cards))
    return cards.between(keys, start, end)


def between(request: SearchRequest, total: int) -> tuple[int, int]:
    """From which place up to which one is asked, counted from 0. Raises as `page`."""
    if request.window is not None:
        start = request.window.start
        return start, start + request.window.length
    start = (request.page - 1) * request.per_page
    if start >= max(total, 1):
        last = max(1, -(-total // request.per_page))
        raise BadInput(f"a page from 1 to {last}", str(request.page), "There are no more items.")
    return start, start + request.per_page
