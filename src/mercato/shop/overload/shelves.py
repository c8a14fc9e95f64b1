"""A shelf at the level of its request: whole, for nobody in particular, or as it was lately."""

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from mercato.shop.overload.kept import Kept
from mercato.shop.overload.levels import Level, Part, current_turn

if TYPE_CHECKING:
    from mercato.shop.shelf import Filled


_CARD = 10
"""The size of a card with its item, beside a count of a facet."""


def spares_the_shopper(known: bool) -> bool:
    """Whether this answer is to be made without what is ``known`` of its shopper; notes that."""
    turn = current_turn()
    if turn.level < Level.IMPERSONAL or not known:
        return False
    turn.left_out.add(Part.PERSONALISATION)
    return True


def kept_or(
    kept: "Kept[Filled]", key: Hashable, fill: "Callable[[], Filled]", *, for_nobody: bool
) -> "Filled":
    """The shelf that was answered lately, where the level asks for it; else a new one.

    key        : all that the shelf depends on, besides the time
    for_nobody : whether it is made without a shopper; others are not kept
    """
    turn = current_turn()
    found = kept.get(key) if turn.level >= Level.WORDS and for_nobody else None
    if found is not None:
        turn.left_out.add(Part.FRESHNESS)
        return found
    filled = fill()
    if for_nobody:
        kept.put(key, filled, 1 + len(filled.cards) * _CARD)
    return filled
