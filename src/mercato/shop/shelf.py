"""Answer a shelf: who asks, what they did last, what stands on it and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.filters import Term, parse
from mercato.core.columns import PRODUCT_TYPE, STORE_ID, Event, Placement
from mercato.core.errors import BadInput, NotFound
from mercato.core.history import EVENT_CODES, Interactions, one_shopper, said_of
from mercato.core.searches import channel_code
from mercato.ranking.bandits.shelf_order import Learner
from mercato.ranking.reasons import Reason
from mercato.ranking.rules.browsed import named
from mercato.ranking.rules.effects import NO_EFFECTS, Effects
from mercato.recommend import recommend
from mercato.recommend.asked import Asked
from mercato.recommend.request import NARROWED_BY, LateEvent, ShelfContext, ShelfRequest
from mercato.recommend.reranking.settings import Reranking
from mercato.shop.answers import log_answer, new_query_id
from mercato.shop.counting import counted
from mercato.shop.everywhere import effects_everywhere
from mercato.shop.experiments.serving import Serving, serving_shelf
from mercato.shop.known import known_as
from mercato.shop.merchant import reranking_of, seed_of
from mercato.shop.opened import Live, Shop
from mercato.shop.overload.levels import Part, current_turn
from mercato.shop.overload.shelves import kept_or, spares_the_shopper
from mercato.shop.searched import searches_of
from mercato.shop.sought import sought
from mercato.state import KnownShopper, RecentEvent
from mercato.state.events import GUEST

RECENT_MOST = 200
"""So many of the shopper's events since the release join their history."""

_PARAMETERS = {PRODUCT_TYPE: "category", STORE_ID: "store"}

_RECENT_MICROSECONDS = 3_600_000_000
"""Events of the last hour say what the shopper is after now."""


@dataclass(frozen=True)
class ShelfCall:
    """What is asked of a shelf: see the parameters of ``GET /v1/recommend/{placement}``."""

    placement: str
    user_id: str | None = None
    visitor_id: str | None = None
    session_id: str | None = None
    item_id: str | None = None
    cart: tuple[str, ...] = ()
    n: int = 20
    filters: tuple[str, ...] = ()
    distinct: bool = False
    category: str | None = None
    store: str | None = None
    q: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Of whoever asks, as histories have them; without what a login has joined."""
        guest = None if self.visitor_id is None else GUEST + self.visitor_id
        return tuple(each for each in (self.user_id, guest) if each is not None)

    @property
    def narrowing(self) -> tuple[str, ...]:
        """All filters, those by category and store among them."""
        named = ((PRODUCT_TYPE, self.category), (STORE_ID, self.store))
        return (*self.filters, *(str(Term(field, value)) for field, value in named if value))


@dataclass(frozen=True)
class Card:
    id: str
    score: float
    reason: Reason
    retriever: str
    item: dict[str, Any]
    propensity: float = 1.0
    features: tuple[float, ...] = ()


@dataclass(frozen=True)
class ShelfAnswer:
    """``fallback`` names the retriever that had to fill the shelf; None where none had to;
    ``degraded`` what a busy server left out."""

    query_id: str
    placement: str
    items: tuple[Card, ...]
    fallback: str | None
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Filled:
    """A shelf as it is answered, before the answer has a number."""

    placement: Placement
    cards: tuple[Card, ...]
    fallback: str | None


@counted
def shelf(shop: Shop, call: ShelfCall) -> ShelfAnswer:
    """Raises NotFound for an unknown placement or item, BadInput for a wrong filter."""
    call = known_as(shop, call)
    serving = serving_shelf(shop, call.placement, call.user_id, call.visitor_id)
    live = serving.live
    query_id = new_query_id()
    found = _at_level(shop, serving, call, seed_of(query_id))
    if Part.FRESHNESS in current_turn().left_out:
        found = _of_today(live, found)
    log_answer(
        shop,
        serving,
        query_id,
        kind="shelf",
        placement=found.placement,
        call=call,
        ids=[card.id for card in found.cards],
        scores=[card.score for card in found.cards],
        propensities=[card.propensity for card in found.cards],
        features=[card.features for card in found.cards if card.features],
    )
    told = current_turn().told()
    return ShelfAnswer(query_id, found.placement, found.cards, found.fallback, told)


def _at_level(shop: Shop, serving: Serving, call: ShelfCall, seed: int) -> Filled:
    """The shelf as far as a busy server has time for it."""
    live = serving.live
    effects = effects_everywhere(
        shop,
        live,
        filters=call.narrowing,
        user_id=call.user_id,
        visitor_id=call.visitor_id,
        segments=serving.variation.segments,
    )
    if spares_the_shopper(call.user_id is not None or call.visitor_id is not None):
        call = replace(call, user_id=None, visitor_id=None)
    rules = (shop.rules.version, tuple(rule.id for rule in effects.rules))

    def fill() -> Filled:
        who = shop.state.events.known(
            call.user_id, call.visitor_id, after_seq=live.manifest.watermark, limit=RECENT_MOST
        )
        merchant = serving.variation.reranking(reranking_of(shop.settings.recommend))
        return filled(
            live,
            call,
            who,
            shop.wall(),
            reranking=merchant,
            effects=effects,
            seed=seed,
            order=serving.order,
        )

    return kept_or(
        shop.overload.shelves,
        (live.number, rules, serving.variant, replace(call, session_id=None)),
        fill,
        for_nobody=call.user_id is None and call.visitor_id is None,
    )


def _of_today(live: Live, found: Filled) -> Filled:
    """Without what was withdrawn since the shelf was filled; the rest as it is now."""
    items = ((card, live.catalogue.row(card.id)) for card in found.cards)
    cards = tuple(
        replace(card, item=live.catalogue.item(row)) for card, row in items if row is not None
    )
    return replace(found, cards=cards)


def filled(
    live: Live,
    call: ShelfCall,
    who: KnownShopper,
    wall: int,
    *,
    reranking: Reranking,
    effects: Effects = NO_EFFECTS,
    seed: int = 0,
    order: Learner | None = None,
) -> Filled:
    """The shelf for a shopper; the same for the same.

    Parameters and errors as with `question`.
    """
    asked = question(
        live, call, who, wall, reranking=reranking, effects=effects, seed=seed, order=order
    )
    answer = recommend(asked.request, asked.context)
    ids = live.catalogue.ids(np.array([item.row for item in answer.items], np.int64))
    cards = tuple(
        Card(
            id_,
            item.score,
            item.reason,
            item.retriever,
            live.catalogue.item(item.row),
            item.propensity,
            item.features,
        )
        for id_, item in zip(ids, answer.items, strict=True)
    )
    return Filled(asked.request.placement, cards, answer.fallback)


def question(
    live: Live,
    call: ShelfCall,
    who: KnownShopper,
    wall: int,
    *,
    reranking: Reranking,
    effects: Effects = NO_EFFECTS,
    seed: int = 0,
    order: Learner | None = None,
) -> Asked:
    """What is asked of `recommend` for a shopper.

    who     : under which names the release may know them, and what they did since
    wall    : microseconds since 1970 UTC. Errors as with `shelf`.
    effects : of the rules that hold on shelves
    seed    : of what is left to chance
    order   : bandit that fills the places
    """
    placement = _placement(call.placement)
    _check_narrowed(placement, call)
    request = ShelfRequest(
        placement=placement,
        n=call.n,
        filters=call.narrowing,
        item_row=_asked_row(live, call.item_id, placement),
        cart=tuple(_rows(live, call.cart)),
        distinct=call.distinct,
        sought=sought(live, call.q) if placement is Placement.ZERO_RESULTS else None,
    )
    answer_to = _Shopper(live, who.events, wall)
    context = ShelfContext(
        catalogue=live.catalogue,
        shopper=answer_to.history(who.names),
        recent_rows=answer_to.recent_rows(),
        now=live.clock.now(wall),
        models=live.models,
        late=answer_to.late(),
        effects=effects,
        reranking=reranking,
        seed=seed,
        rankers=live.shelf_rankers,
        order=order,
    )
    return Asked(request, context)


def _placement(name: str) -> Placement:
    try:
        return Placement(name)
    except ValueError:
        raise NotFound(
            "a placement that is served", repr(name), f"Ask for one of: {', '.join(Placement)}."
        ) from None


def _check_narrowed(placement: Placement, call: ShelfCall) -> None:
    """Raise BadInput where a shelf of one category or store does not say which."""
    field = NARROWED_BY.get(placement)
    if field and not any(list(named(parse(each), field)) for each in call.narrowing):
        parameter = _PARAMETERS[field]
        raise BadInput(
            f"{parameter} with {placement}", "none", f"Add {parameter}=… or a filter on {field}."
        )


def _asked_row(live: Live, item_id: str | None, placement: Placement) -> int | None:
    if item_id is None:
        if placement in (Placement.ITEM_SIMILAR, Placement.ITEM_TOGETHER):
            raise BadInput(f"item_id with {placement}", "none", "Add item_id=… of the item shown.")
        return None
    row = live.catalogue.row(item_id)
    if row is None:
        raise NotFound("an item of the catalogue", repr(item_id), "Check item_id.")
    return row


def _rows(live: Live, ids: Iterable[str | None]) -> list[int]:
    """Live rows of the ids that the catalogue has, in their order."""
    rows = (live.catalogue.row(item_id) for item_id in ids if item_id is not None)
    return [row for row in rows if row is not None]


@dataclass(frozen=True)
class _Shopper:
    """Who asks, and what they did since the release was made; wall in microseconds."""

    live: Live
    events: tuple[RecentEvent, ...]
    wall: int

    def history(self, names: Sequence[str]) -> Interactions:
        """The shopper's events of the release, under these ids, and of the state, in one line of
        time; with what they searched for where the release reads that."""
        learned = map(self.live.histories.of, names)
        whole = one_shopper(*learned, self._since_release())
        return replace(whole, searches=searches_of(self.live, names, self.events, self._ts))

    def recent_rows(self) -> tuple[int, ...]:
        """Rows touched within the last hour, oldest first."""
        since = self.wall - _RECENT_MICROSECONDS
        pairs = zip(self.events, self._rows, strict=True)
        return tuple(row for event, row in pairs if row is not None and event.ts > since)

    def late(self) -> tuple[LateEvent, ...]:
        """Events with items that the release does not know."""
        return tuple(
            LateEvent(
                row,
                Event(event.event),
                int(ts),
                said_of(event.event, event.quantity, event.value),
            )
            for event, row, base, ts in zip(
                self.events, self._rows, self._base, self._ts, strict=True
            )
            if row is not None and base < 0
        )

    @cached_property
    def _rows(self) -> list[int | None]:
        row = self.live.catalogue.row
        return [None if event.item_id is None else row(event.item_id) for event in self.events]

    @cached_property
    def _base(self) -> NDArray[np.int32]:
        base_of = self.live.catalogue.base_of
        return np.array([-1 if row is None else base_of[row] for row in self._rows], np.int32)

    @cached_property
    def _ts(self) -> NDArray[np.int64]:
        return self.live.clock.of(np.array([event.ts for event in self.events], np.int64))

    def _since_release(self) -> Interactions:
        interactions = Interactions(
            offsets=np.array([0, len(self.events)]),
            item=self._base,
            ts=self._ts,
            event=np.array([EVENT_CODES[event.event] for event in self.events], np.int8),
            quantity=np.array(
                [said_of(each.event, each.quantity, each.value) for each in self.events],
                np.float32,
            ),
            n_items=self.live.catalogue.n_base,
            channel=np.array([channel_code(each.channel) for each in self.events], np.int16),
        )
        return interactions.where(self._base >= 0)
