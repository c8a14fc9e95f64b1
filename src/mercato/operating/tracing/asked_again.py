"""Asks a release again what it was asked, to learn why an item stood on a shelf.

A release never changes, and a shelf is a pure function of it, the shopper's events and the item
changes; where these are still known up to the moment of the answer, it comes out the same.
"""

from dataclasses import dataclass, replace

import orjson

from mercato.core.paths import ShopPaths
from mercato.core.settings import Settings
from mercato.data.releases import ReleaseStore
from mercato.shop.merchant import reranking_of, seed_of
from mercato.shop.opened import open_release
from mercato.shop.shelf import RECENT_MOST, Card, ShelfCall, filled
from mercato.state import Answer, State

LOOKED_AT = 10 * RECENT_MOST
"""The newest events are read first; so many may have come after the answer."""


@dataclass(frozen=True)
class AskedAgain:
    """What the release answers today.

    same : whether the same items stand in the same places as then
    """

    cards: tuple[Card, ...]
    same: bool

    def card(self, item_id: str) -> Card | None:
        """The item's card; None where it does not stand there any more."""
        return next((card for card in self.cards if card.id == item_id), None)


def asked_again(
    paths: ShopPaths, settings: Settings, state: State, answer: Answer
) -> AskedAgain | None:
    """Fill a shelf as it was filled for ``answer``; None for searches, and where the release is
    not kept any more."""
    releases = ReleaseStore(paths.releases)
    if answer.kind != "shelf" or answer.release not in releases.numbers():
        return None
    live = open_release(releases.folder(answer.release), answer.release)
    if changes := state.items.since(live.catalogue.overlay, answer.ts):
        live = replace(live, catalogue=live.catalogue.apply(changes))
    call = _call(answer)
    who = state.events.known(
        call.user_id, call.visitor_id, after_seq=live.manifest.watermark, limit=LOOKED_AT
    )
    known = tuple(event for event in who.events if event.ts <= answer.ts)[-RECENT_MOST:]
    who = who._replace(events=known)
    reranking, seed = reranking_of(settings.recommend), seed_of(answer.query_id)
    cards = filled(live, call, who, answer.ts, reranking=reranking, seed=seed).cards
    return AskedAgain(cards, tuple(card.id for card in cards) == answer.item_ids)


def _call(answer: Answer) -> ShelfCall:
    asked = orjson.loads(answer.request)
    lists = {name: tuple(value) for name, value in asked.items() if isinstance(value, list)}
    return ShelfCall(**{**asked, **lists})
