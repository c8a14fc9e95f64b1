"""Releases asked for shelves as at some past moment, with what each shopper had done by then."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from mercato.core.history import EVENT_CODES
from mercato.core.settings import RecommendSettings
from mercato.data.histories import Histories
from mercato.recommend.reranking.settings import Reranking
from mercato.search.search import search
from mercato.shop.everywhere import effects_everywhere
from mercato.shop.merchant import reranking_of
from mercato.shop.opened import Live, Shop, open_release, without_erased
from mercato.shop.search import SearchCall, search_context, search_request
from mercato.shop.shelf import RECENT_MOST, ShelfCall, filled
from mercato.state import KnownShopper, RecentEvent

_EVENTS = {code: name for name, code in EVENT_CODES.items()}

MOST_FOUND = 100
"""Of a search; hardly anybody looks further."""

GUEST = "visitor:"
"""Begins the names of shoppers who are known as visitors only."""


@dataclass(frozen=True)
class Past:
    """All that shoppers did. item_ids : (n_items,) what `histories` numbers"""

    histories: Histories
    item_ids: pa.StringArray

    def events(self, shopper_id: str, after: int, before: int) -> tuple[RecentEvent, ...]:
        """What a shopper did after one moment and before another (microseconds), oldest first: at
        most as much as answers look at."""
        found = self.histories.of(shopper_id)
        rows = np.flatnonzero((found.ts > after) & (found.ts < before))[-RECENT_MOST:]
        return tuple(
            RecentEvent(
                event_id=f"{shopper_id}-{row}",
                ts=int(found.ts[row]),
                event=str(_EVENTS[int(found.event[row])]),
                item_id=self.item_ids[int(found.item[row])].as_py(),
                quantity=float(found.quantity[row]),
                session_id=None,
            )
            for row in rows
        )


@dataclass(frozen=True)
class Asked:
    """One release beside others. shop : whose rules hold; nothing is logged in it"""

    shop: Shop
    live: Live
    past: Past
    reranking: Reranking

    @classmethod
    def of(cls, shop: Shop, folder: Path, past: Past, split: int) -> "Asked":
        """Shelves as ordered without exploration: what a shopper most likely sees.

        split : of shoppers nothing is known from then on (microseconds), whatever was learned: a
                shelf of what is new to someone shows nothing that it knows they bought
        """
        live = without_erased(open_release(folder, 0, vectors=shop.settings.vectors), shop.erased)
        changes = shop.state.items.since(live.catalogue.overlay)
        live = replace(
            live,
            catalogue=live.catalogue.apply(changes) if changes else live.catalogue,
            clock=replace(live.clock, as_of=min(live.clock.as_of, split)),
            histories=_before(live.histories, split),
            searches=None if live.searches is None else live.searches.before(split),
        )
        return cls(shop, live, past, _settled(shop.settings.recommend))

    def shelf(self, call: ShelfCall, shopper_id: str | None, moment: int) -> tuple[str, ...]:
        """Ids of a shelf as this release would have answered at ``moment`` (microseconds), the
        best first."""
        clock = self.live.clock
        events = () if shopper_id is None else self.past.events(shopper_id, clock.as_of - 1, moment)
        effects = effects_everywhere(
            self.shop,
            self.live,
            filters=call.narrowing,
            user_id=call.user_id,
            visitor_id=call.visitor_id,
        )
        who = KnownShopper(call.names, events)
        wall = clock.made_at + max(moment - clock.as_of, 0)
        found = filled(
            self.live, call, who, wall, reranking=self.reranking, effects=effects, seed=0
        )
        return tuple(card.id for card in found.cards)

    def hits(self, query: str, most: int = MOST_FOUND) -> list[str]:
        """Ids of what a search finds for nobody in particular, each variant by itself, the best
        first."""
        call = SearchCall(query, per_page=most, distinct=False, seen=False)
        found = search(search_request(call), search_context(self.shop, self.live, call))
        return self.live.catalogue.ids(found.rows)


def call_of(placement: str, shopper_id: str, n: int) -> ShelfCall:
    """What a shopper, by the name that histories have for them, asks for."""
    guest = shopper_id.removeprefix(GUEST) if shopper_id.startswith(GUEST) else None
    return ShelfCall(placement, user_id=None if guest else shopper_id, visitor_id=guest, n=n)


def _before(histories: Histories, split: int) -> Histories:
    return replace(histories, interactions=histories.interactions.before(split))


def _settled(settings: RecommendSettings) -> Reranking:
    return replace(reranking_of(settings), explore=0.0)


def microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)
