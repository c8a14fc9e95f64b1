"""Which banners an answer shows, and what is known of how they are clicked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mercato.ranking.rules.actions import Banner
from mercato.ranking.rules.effects import Effects
from mercato.ranking.rules.slots import BannerClicks, Placed, placed
from mercato.state import State

if TYPE_CHECKING:
    from mercato.shop.opened import Shop

READING = "/banners"
"""Under which the last look stands among those at experiments; no experiment has such a name."""


@dataclass(frozen=True)
class BannerBook:
    """Never changed, only swapped.

    ts : of the look that counted, microseconds since 1970 UTC; 0 before the first
    """

    ts: int = 0
    clicks: BannerClicks = field(default_factory=BannerClicks)


def read_banner_book(state: State, before: BannerBook | None = None) -> BannerBook:
    """What the last look counted; ``before`` itself where there was none since."""
    kept = state.readings.get(READING)
    if kept is None:
        return BannerBook()
    if before is not None and kept.ts == before.ts:
        return before
    return BannerBook(kept.ts, BannerClicks(kept.reading["shown"], kept.reading["clicked"]))


def banner_of(shop: "Shop", banner_id: str) -> Banner | None:
    """Of a rule that is in force, by the id under which answers tell it."""
    every = Effects(shop.rules.index.rules).banners
    return next((each for each in every if each.id == banner_id), None)


def slots_of(state: State) -> frozenset[str]:
    """That rules, as they are stored, have banners for."""
    actions = (each for rule in state.rules.all() for each in rule.document.get("actions", ()))
    return frozenset(each.get("slot", "") for each in actions) - {""}


def placed_banners(
    book: BannerBook, banners: Sequence[Banner], *, first: bool
) -> tuple[Placed, ...]:
    """Those that an answer shows. first : whether it is the first page; slots are empty on all
    others, else a shopper who reads on would see one banner after the other."""
    if not first:
        return tuple(Placed(each) for each in banners if not each.slot)
    return placed(banners, book.clicks, np.random.default_rng()) if banners else ()
