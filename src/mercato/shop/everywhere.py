"""The merchandising rules that hold beyond searches: on shelves and in suggestions."""

from collections.abc import Iterable

from mercato.catalogue.filters import parse
from mercato.ranking.rules.browsed import browsed
from mercato.ranking.rules.conditions import Occasion
from mercato.ranking.rules.effects import NO_EFFECTS, Effects
from mercato.shop.opened import Live, Shop


def effects_everywhere(
    shop: Shop,
    live: Live,
    *,
    filters: Iterable[str] = (),
    user_id: str | None = None,
    visitor_id: str | None = None,
    segments: Iterable[str] = (),
) -> Effects:
    """What the rules do that hold everywhere, for a shopper and the categories in ``filters``.

    segments : of the shopper, beside those that the release knows
    """
    index = shop.rules.index
    if not len(index):
        return NO_EFFECTS
    known = live.segments.of(user_id, visitor_id) if live.segments else frozenset()
    occasion = Occasion(
        categories=tuple(path for each in filters for path in browsed(parse(each))),
        segments=known | frozenset(segments),
        now=shop.wall(),
    )
    return Effects(index.holding(occasion)).everywhere
