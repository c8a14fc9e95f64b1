"""What the shopper buys of an item's category and brand, and which of them they prefer."""

from collections.abc import Iterator

import numpy as np

from mercato.ranking.purchases import Groups, Whole, looked_up, power_law
from mercato.ranking.shelf_facts import KINDS as COLUMNS
from mercato.ranking.shelf_facts import LONGEST
from mercato.ranking.shelf_features.family import Column, ShelfFamily
from mercato.ranking.shelf_features.pairs import Pairs

_LEAST = 1e-6


def _compute(pairs: Pairs) -> list[Column]:
    return [column for kind in COLUMNS for column in _of_kind(pairs, kind)]


def _of_kind(pairs: Pairs, kind: str) -> Iterator[Column]:
    facts, bought = pairs.facts, pairs.purchases
    of_pair = facts.kind(kind, pairs.known)
    groups = Groups.of(bought.user, facts.kind(kind, facts.place(bought.item)))
    at = np.where(of_pair > 0, groups.find(pairs.user, of_pair), len(groups))
    age = bought.age[groups.order]
    left = groups.sum(power_law(age))
    own = looked_up(pairs.strength, pairs.at)
    since, own_since = age[groups.last], looked_up(pairs.since, pairs.at, LONGEST)
    whole, days = looked_up(left, at), looked_up(since, at, LONGEST)
    yield whole
    yield own / np.maximum(whole, _LEAST)
    yield whole / np.maximum(_of_shopper(pairs), _LEAST)
    yield days
    yield own_since - days
    yield looked_up(groups.sum(np.exp2(-age / 14)), at)
    yield looked_up(_items(pairs, groups, kind), at)
    yield looked_up((age[groups.first] - since) / np.maximum(groups.count - 1, 1), at, LONGEST)
    yield pairs.places_within(pairs.user * (int(of_pair.max()) + 1) + of_pair, own)


def _of_shopper(pairs: Pairs) -> Column:
    """(n,) what is left of all of the shopper's purchases."""
    groups = pairs.of_items
    total = np.bincount(groups.user, pairs.strength, pairs.shoppers.n_users)
    return np.asarray(total[pairs.user])


def _items(pairs: Pairs, groups: Groups, kind: str) -> Whole:
    """(g,) different items of each group."""
    items = pairs.of_items
    of_item = pairs.facts.kind(kind, pairs.facts.place(items.key % items.n_codes))
    return np.bincount(groups.find(items.user, of_item), minlength=len(groups))[: len(groups)]


_TOLD = {
    "bought": "Purchases of its {kind}, forgotten by a power law",
    "share in": "The item's share of them",
    "share of": "Their share of all of the shopper's",
    "since": "Days since anything of its {kind} was bought",
    "others since": "Days between the item's last purchase and that",
    "newest": "Purchases of its {kind}, half forgotten in 14 days",
    "items": "Different items of its {kind} that the shopper bought",
    "interval": "Days between purchases of its {kind}",
    "place": "Its place among the candidates of its {kind}, by its own purchases",
}

KINDS = ShelfFamily(
    "kinds",
    {f"{kind} {name}": text.format(kind=kind) for kind in COLUMNS for name, text in _TOLD.items()},
    _compute,
)
