"""What answers a shopper: the release, and what experiments change of it for this answer."""

from dataclasses import dataclass, replace

from mercato.ranking.bandits.shelf_order import Learner
from mercato.shop.experiments.book import HELD_OUT, Seen
from mercato.shop.experiments.definition import (
    INTERLEAVED,
    ArmDefinition,
    Definition,
    Kind,
)
from mercato.shop.experiments.variation import NOTHING, OF_SEARCH, OF_SHELVES, Variation
from mercato.shop.opened import Live, Shop

BETWEEN = ","
"""Between experiments in what the log says of an answer."""


@dataclass(frozen=True)
class Serving:
    """What one answer is made from.

    live      : the release, changed as arms say
    variation : what arms change, together
    variant   : for the log: ``experiment:arm`` of all that could have changed this answer, or
                ``holdout``; None where there was none
    drafted   : the same release under the other ranking, where two make one answer
    order     : bandit that fills the shelf's places
    """

    live: Live
    variation: Variation = NOTHING
    variant: str | None = None
    drafted: Live | None = None
    order: Learner | None = None


def unit_of(user_id: str | None, visitor_id: str | None) -> str | None:
    """Whoever is assigned: the user, or a visitor where nobody is logged in."""
    return user_id or visitor_id


def live_for(shop: Shop, user_id: str | None, visitor_id: str | None) -> Live:
    """The release that answers a shopper."""
    seen = _seen(shop, user_id, visitor_id)
    for _, arm in seen.arms:
        if _is_served(shop, arm) and arm.changes.release is not None:
            return shop.beside.get(arm.changes.release, shop.live)
    return shop.live


def serving_search(shop: Shop, user_id: str | None, visitor_id: str | None) -> Serving:
    """For a search."""
    return _serving(shop, _seen(shop, user_id, visitor_id), None)


def serving_shelf(
    shop: Shop, placement: str, user_id: str | None, visitor_id: str | None
) -> Serving:
    """For a shelf; ``placement`` as it was asked for."""
    return _serving(shop, _seen(shop, user_id, visitor_id), placement)


def _seen(shop: Shop, user_id: str | None, visitor_id: str | None) -> Seen:
    """By the id that is stored, whichever is given: both logs know that one alone."""
    unit = shop.pseudonyms.maybe(unit_of(user_id, visitor_id))
    return shop.experiments.seen(unit, shop.wall())


def _serving(shop: Shop, seen: Seen, placement: str | None) -> Serving:
    if not seen.arms:
        return Serving(shop.live, variant=HELD_OUT if seen.held_out else None)
    variation, said, drafted, order = NOTHING, [], None, None
    for definition, arm in seen.arms:
        if not _is_served(shop, arm) or not _may_show(definition, placement):
            continue
        if definition.kind is Kind.INTERLEAVING:
            drafted = definition
            said.append(f"{definition.name}:{INTERLEAVED}")
            continue
        said.append(f"{definition.name}:{arm.name}")
        variation = variation.then(arm.changes)
        if arm.changes.order is not None:
            order = shop.experiments.orders.get((definition.name, arm.name))
    live = shop.beside.get(variation.release or 0, shop.live)
    variant = BETWEEN.join(said) or None
    if drafted is None:
        return Serving(varied(live, variation), variation, variant, order=order)
    first, second = (varied(live, variation.then(arm.changes)) for arm in drafted.arms)
    return Serving(first, variation, variant, second)


def _is_served(shop: Shop, arm: ArmDefinition) -> bool:
    """Not one that was stopped, and none whose release could not be opened."""
    number = arm.changes.release
    there = number is None or number == shop.live.number or number in shop.beside
    return arm.stopped is None and there


def _may_show(definition: Definition, placement: str | None) -> bool:
    """Whether any arm could change an answer of this kind: only such answers tell of it."""
    shown = OF_SEARCH if placement is None else OF_SHELVES
    of_this_shelf = definition.placement is None or placement == definition.placement
    return bool(definition.changed & shown) and of_this_shelf


def varied(live: Live, variation: Variation) -> Live:
    """The release as an arm lets it rank."""
    if variation.search_ranker is False:
        live = replace(live, ranker=None)
    if variation.shelf_rankers is False:
        live = replace(live, shelf_rankers=None)
    if variation.semantic_weight is not None:
        calibration = replace(live.calibration, semantic_weight=variation.semantic_weight)
        live = replace(live, calibration=calibration)
    return live
