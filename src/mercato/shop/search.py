"""Answer a search: gather everything once, rank, log the answer once."""

from dataclasses import dataclass, replace
from typing import Any

from mercato.catalogue.facets import Statistics
from mercato.ranking.understood import Understood
from mercato.search.applied import Applied
from mercato.search.drafting import Drafted, drafted
from mercato.search.request import NOTHING, FacetAsked, Window
from mercato.search.search import SearchContext, SearchRequest
from mercato.search.sorting import can_sort
from mercato.shop.answers import log_answer, new_query_id
from mercato.shop.banners import placed_banners
from mercato.shop.counting import counted
from mercato.shop.experiments.serving import Serving, serving_search, unit_of
from mercato.shop.known import known_as
from mercato.shop.merchant import seed_of
from mercato.shop.opened import Live, Shop
from mercato.shop.overload.levels import Level, current_turn
from mercato.shop.overload.searching import answered
from mercato.shop.overload.shelves import spares_the_shopper
from mercato.shop.taste import MOST_EVENTS, Did, did_of, taste_of


@dataclass(frozen=True)
class SearchCall:
    """What a shopper asks: see the parameters of ``GET /v1/search``.

    segments : of the shopper, beside those that the release knows
    window : instead of ``page`` and ``per_page``
    begun  : whether the last word may be the beginning of one
    seen   : whether a shopper sees the answer; others are not logged
    """

    q: str = ""
    filters: tuple[str, ...] = ()
    facets: tuple[str | FacetAsked, ...] = ()
    sort: str | None = None
    page: int = 1
    per_page: int = 24
    user_id: str | None = None
    visitor_id: str | None = None
    session_id: str | None = None
    distinct: bool = True
    mode: str = "hybrid"
    segments: tuple[str, ...] = ()
    window: Window | None = None
    begun: bool = False
    seen: bool = True

    @property
    def start(self) -> int:
        """Items of the result that stand before the first one asked for."""
        return (self.page - 1) * self.per_page if self.window is None else self.window.start


@dataclass(frozen=True)
class Hit:
    id: str
    score: float
    item: dict[str, Any]


@dataclass(frozen=True)
class SearchAnswer:
    """One page of the result set; ``total`` and ``facets`` are of the whole set."""

    query_id: str
    total: int
    page: int
    per_page: int
    hits: tuple[Hit, ...]
    facets: dict[str, dict[str, int]]
    did_you_mean: str | None
    applied: Applied


@dataclass(frozen=True)
class Found:
    """An answer, and what other engines' dialects tell besides."""

    answer: SearchAnswer
    statistics: dict[str, Statistics]
    understood: Understood


def search(shop: Shop, call: SearchCall) -> SearchAnswer:
    """Raises BadInput for a filter, facet, sort or page that does not fit."""
    return find(shop, call).answer


@counted
def find(shop: Shop, call: SearchCall) -> Found:
    """As ``search``."""
    call = known_as(shop, call)
    serving = serving_search(shop, call.user_id, call.visitor_id)
    live = serving.live
    ranked = _ranked(shop, serving, call)
    result = ranked.result
    banners = placed_banners(shop.banners, result.applied.banners, first=call.start == 0)
    query_id = new_query_id()
    ids = live.catalogue.ids(result.rows)
    scores = [float(score) for score in result.scores]
    if call.seen:
        log_answer(
            shop,
            serving,
            query_id,
            kind="search",
            placement=None,
            call=call,
            ids=ids,
            scores=scores,
            first_position=call.start + 1,
            teams=ranked.teams,
            banners=banners,
        )
    items = [live.catalogue.item(int(row)) for row in result.rows]
    hits = tuple(Hit(*each) for each in zip(ids, scores, items, strict=True))
    answer = SearchAnswer(
        query_id,
        result.total,
        result.page,
        result.per_page,
        hits,
        result.facets,
        result.did_you_mean,
        replace(result.applied, banners=tuple(each.banner for each in banners)),
    )
    return Found(answer, result.statistics, result.understood)


def _ranked(shop: Shop, serving: Serving, call: SearchCall) -> Drafted:
    """By one ranking, or by two in turn."""
    live, call = serving.live, as_served(serving, call)
    request, context = search_request(call), search_context(shop, live, call)
    if serving.drafted is not None and current_turn().level is Level.WHOLE:
        other = serving.drafted
        second = replace(context, ranker=other.ranker, calibration=other.calibration)
        return drafted(request, context, second, _draft_seed(serving, call))
    result = answered(
        shop.overload.searches,
        request,
        context,
        (live.number, shop.rules.version, serving.variant),
    )
    return Drafted(result)


def as_served(serving: Serving, call: SearchCall) -> SearchCall:
    """What is asked, as arms of experiments have it."""
    variation = serving.variation
    call = replace(call, segments=call.segments + variation.segments)
    sort = variation.search_sort
    if sort is None or call.sort is not None:
        return call
    return replace(call, sort=sort) if can_sort(sort, serving.live.catalogue) else call


def _draft_seed(serving: Serving, call: SearchCall) -> int:
    """The same for all pages of a search, another one for each shopper and search."""
    unit = unit_of(call.user_id, call.visitor_id)
    return seed_of(f"{serving.variant} {unit} {call.q} {call.filters} {call.distinct}")


def search_request(call: SearchCall) -> SearchRequest:
    """What is asked, without who asks."""
    return SearchRequest(
        call.q,
        call.filters,
        call.facets,
        call.sort,
        call.page,
        call.per_page,
        call.distinct,
        call.mode,
        call.window,
        call.begun,
    )


def search_context(shop: Shop, live: Live, call: SearchCall) -> SearchContext:
    """What a live release, the shop and the shopper give to a search."""
    call = known_as(shop, call)
    known = live.segments.of(call.user_id, call.visitor_id) if live.segments else frozenset()
    wall = shop.wall()
    did = _did(shop, live, call)
    return SearchContext(
        live.catalogue,
        live.encode_query,
        live.calibration,
        reading=shop.reading,
        rules=shop.rules.index,
        segments=known | frozenset(call.segments),
        now=wall,
        written=live.written,
        forms=live.forms,
        entities=live.entities,
        intent=live.intent,
        synonyms=shop.synonyms.synonyms,
        ranker=live.ranker,
        clock=live.clock.now(wall),
        demand=live.demand,
        taste=taste_of(live, did) if did is not None and live.ranker is not None else None,
        unwanted=NOTHING if did is None else did.unwanted,
    )


def _did(shop: Shop, live: Live, call: SearchCall) -> Did | None:
    """What the shopper did; None where nobody is known to ask, or a server has no time for it."""
    known = call.user_id is not None or call.visitor_id is not None
    if not known or spares_the_shopper(known):
        return None
    after = live.manifest.watermark
    who = shop.state.events.known(call.user_id, call.visitor_id, after_seq=after, limit=MOST_EVENTS)
    return did_of(live, who)
