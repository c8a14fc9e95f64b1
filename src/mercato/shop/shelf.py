"""Answer a shelf: who asks, what they did last, what stands on it and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mercato.core.columns import Placement
from mercato.core.errors import BadInput, NotFound
from mercato.core.history import EVENT_CODES, Interactions, one_shopper
from mercato.ranking.reasons import Reason
from mercato.recommend import ShelfContext, ShelfRequest, recommend
from mercato.shop.answers import log_answer, new_query_id
from mercato.shop.opened import Live, Shop
from mercato.state import RecentEvent

_RECENT_MOST = 200
"""So many of the shopper's events since the release join their history."""

_RECENT_ROWS_MICROSECONDS = 3_600_000_000
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


@dataclass(frozen=True)
class Card:
    id: str
    score: float
    reason: Reason
    retriever: str
    item: dict[str, Any]


@dataclass(frozen=True)
class ShelfAnswer:
    """``fallback`` names the retriever that had to fill the shelf; None where none had to."""

    query_id: str
    placement: str
    items: tuple[Card, ...]
    fallback: str | None


def shelf(shop: Shop, call: ShelfCall) -> ShelfAnswer:
    """Raises NotFound for an unknown placement or item, BadInput for a wrong filter."""
    live = shop.live
    placement = _placement(call.placement)
    events = shop.state.events.recent(
        call.user_id, call.visitor_id, after_seq=live.manifest.watermark, limit=_RECENT_MOST
    )
    request = ShelfRequest(
        placement=placement,
        n=call.n,
        filters=call.filters,
        item_row=_asked_row(live, call.item_id, placement),
        cart=tuple(_rows(live, call.cart)),
        distinct=call.distinct,
    )
    wall = shop.wall()
    context = ShelfContext(
        catalogue=live.catalogue,
        shopper=_history(live, call, events),
        recent_rows=tuple(
            _rows(live, (e.item_id for e in events if e.ts > wall - _RECENT_ROWS_MICROSECONDS))
        ),
        now=live.clock.now(wall),
        models=live.models,
    )
    answer = recommend(request, context)
    query_id = new_query_id()
    ids = live.catalogue.ids(np.array([item.row for item in answer.items], np.int64))
    log_answer(
        shop,
        query_id,
        kind="shelf",
        placement=placement,
        call=call,
        ids=ids,
        scores=[item.score for item in answer.items],
    )
    cards = tuple(
        Card(id_, item.score, item.reason, item.retriever, live.catalogue.item(item.row))
        for id_, item in zip(ids, answer.items, strict=True)
    )
    return ShelfAnswer(query_id, placement, cards, answer.fallback)


def _placement(name: str) -> Placement:
    try:
        return Placement(name)
    except ValueError:
        raise NotFound(
            "a placement that is served", repr(name), f"Ask for one of: {', '.join(Placement)}."
        ) from None


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


def _history(live: Live, call: ShelfCall, events: tuple[RecentEvent, ...]) -> Interactions:
    """The shopper's events of the release and of the state, in one line of time."""
    known = live.histories.of(call.user_id)
    guest = None if call.visitor_id is None else f"visitor:{call.visitor_id}"
    return one_shopper(known, live.histories.of(guest), _since_release(live, events))


def _since_release(live: Live, events: tuple[RecentEvent, ...]) -> Interactions:
    catalogue = live.catalogue
    rows = [None if e.item_id is None else catalogue.row(e.item_id) for e in events]
    base = np.array([-1 if row is None else catalogue.base_of[row] for row in rows], np.int32)
    interactions = Interactions(
        offsets=np.array([0, len(events)]),
        item=base,
        ts=live.clock.of(np.array([e.ts for e in events], np.int64)),
        event=np.array([EVENT_CODES[e.event] for e in events], np.int8),
        quantity=np.array([e.quantity or 1.0 for e in events], np.float32),
        n_items=catalogue.n_base,
    )
    return interactions.where(base >= 0)
