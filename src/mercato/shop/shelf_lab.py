"""A shelf to look at: for anybody, after any session, by any release; nobody is shown it."""

from collections.abc import Sequence
from dataclasses import dataclass

from mercato.core.columns import Event
from mercato.recommend.reranking.settings import AS_RANKED, Reranking
from mercato.shop.everywhere import effects_everywhere
from mercato.shop.known import known_as
from mercato.shop.merchant import reranking_of
from mercato.shop.opened import Live, Shop
from mercato.shop.shelf import RECENT_MOST, Filled, ShelfCall, filled
from mercato.state import RecentEvent

_APART = 20_000_000
"""Microseconds between two looks of a session that is built."""


@dataclass(frozen=True)
class Looked:
    """A shelf as it is answered, and as it would be without re-ranking and rules.

    reranking : what the merchant asks of re-ranking
    """

    shelf: Filled
    plain: Filled
    reranking: Reranking


def look(shop: Shop, live: Live, call: ShelfCall, viewed: Sequence[str] = ()) -> Looked:
    """Errors as `shop.shelf.shelf`.

    viewed : items that the session has looked at, the last one last, beside what is known of the
             shopper
    """
    call, wall = known_as(shop, call), shop.wall()
    who = shop.state.events.known(
        call.user_id, call.visitor_id, after_seq=live.manifest.watermark, limit=RECENT_MOST
    )
    who = who._replace(events=(*who.events, *_session(viewed, wall)))
    reranking = reranking_of(shop.settings.recommend)
    effects = effects_everywhere(
        shop, live, filters=call.narrowing, user_id=call.user_id, visitor_id=call.visitor_id
    )
    shelf = filled(live, call, who, wall, reranking=reranking, effects=effects)
    plain = filled(live, call, who, wall, reranking=AS_RANKED)
    return Looked(shelf, plain, reranking)


def _session(viewed: Sequence[str], wall: int) -> list[RecentEvent]:
    """Looks at items, up to now."""
    last = len(viewed)
    return [
        RecentEvent(f"lab-{at}", wall - _APART * (last - at), Event.VIEW_ITEM, item, None, "lab")
        for at, item in enumerate(viewed)
    ]
