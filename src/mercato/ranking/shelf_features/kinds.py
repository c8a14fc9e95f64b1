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
    columns = [column for kind in COLUMNS for column in _of_kind(pairs, kind)]
    category = pairs.facts.kind("category", pairs.known)
    group = pairs.user * (int(category.max()) + 1) + category
    return [*columns, pairs.places_within(group, looked_up(pairs.strength, pairs.at))]


def _of_kind(pairs: Pairs, kind: str) -> Iterator[Column]:
    facts, bought = pairs.facts, pairs.purchases
    of_pair = facts.kind(kind, pairs.known)
    groups = pairs.of_kind(kind)
    at = np.where(of_pair > 0, groups.find(pairs.user, of_pair), len(groups))
    age = bought.age[groups.order]
    since = age[groups.last]
    whole = looked_up(groups.sum(power_law(age)), at)
    yield looked_up(pairs.strength, pairs.at) / np.maximum(whole, _LEAST)
    yield whole / np.maximum(_of_shopper(pairs), _LEAST)
    yield looked_up(since, at, LONGEST)
    yield looked_up(groups.sum(np.exp2(-age / 14)), at)
    yield looked_up(_items(pairs, groups, kind), at)
    yield looked_up((age[groups.first] - since) / np.maximum(groups.count - 1, 1), at, LONGEST)


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
    "share in": "The item's share of what the shopper buys of its {kind}",
    "share of": "The share of its {kind} of all that the shopper buys",
    "since": "Days since anything of its {kind} was bought",
    "newest": "Purchases of its {kind}, 14 days halve them",
    "items": "Different items of its {kind} that the shopper bought",
    "interval": "Days between purchases of its {kind}",
}

KINDS = ShelfFamily(
    "kinds",
    {
        **{
            f"{kind} {name}": text.format(kind=kind)
            for kind in COLUMNS
            for name, text in _TOLD.items()
        },
        "category place": "Its place among the candidates of its category, by its own purchases",
    },
    _compute,
)
