"""What hardly anybody bought yet, by how much the shopper cares for its kind.

Nothing is known of such an item but what it is. What a shopper cares for its brand in its
category, shared among the items there that are bought at all, is what it may expect; where that
says little, the category and the level above it speak. Measured on November 2017 of Complete
Journey, 5% of its items unknown until then: recall@20 among them .13, by the category alone .11,
by the cosine with all that the shopper bought .03, by chance .01.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.core.columns import CREATED_AT, PRICE
from mercato.core.history import MICROSECONDS_PER_DAY
from mercato.models.preference import Forgetting, preferences
from mercato.ranking.reasons import Reason, ReasonCode
from mercato.recommend.asked import Asked, Rows
from mercato.recommend.categories import all_leaves, category_path
from mercato.recommend.kinds import kinds_of
from mercato.recommend.retrieval import NOTHING, Allowed, Proposal, Retriever, best

FEW_SHOPPERS = 5
"""Items with fewer are new or rare: their own behaviour says little."""

_LEVELS = (1.0, 0.3, 0.1)
"""What brand in category, category and the level above count. Chosen on November 2017."""

_MORE = 3.0
"""Items that each kind is thought to have besides, so that a single one does not take all.
Chosen on November 2017."""

_FRESH_DAYS = 56.0
_UNDATED, _NOT_FRESH, _UNPRICED = 0.3, 0.1, 0.3
"""What an item counts whose first day is unknown or long ago, or that has no price, against a
fresh one: it may never have been sold. Assumed."""

_NO_DATE = -np.inf


class _Unknown(NamedTuple):
    """Rows of which hardly anybody bought anything; all of one snapshot of the catalogue.

    rows    : (m,) ascending
    kinds   : for each level (m,) the kind of each, see `kinds`
    created : (m,) microseconds since 1970 UTC; -inf where that is unknown, inf for what came
              after the release
    priced  : (m,) whether it has a price
    """

    rows: Rows
    kinds: list[NDArray[np.int64]]
    created: NDArray[np.float64]
    priced: NDArray[np.bool_]


def _unknown(catalogue: Catalogue) -> _Unknown:
    def make() -> _Unknown:
        base = catalogue.live_of[catalogue.base.popularity < FEW_SHOPPERS]
        late = np.flatnonzero(catalogue.base_of[catalogue.n_base :] < 0) + catalogue.n_base
        rows = np.sort(np.concatenate([base[base >= 0], late[catalogue.alive[late]]]))
        created = _numbers(catalogue, CREATED_AT, rows) * 1e6
        created[np.isnan(created)] = _NO_DATE
        created[catalogue.base_of[rows] < 0] = np.inf
        priced = ~np.isnan(_numbers(catalogue, PRICE, rows))
        return _Unknown(rows, kinds_of(catalogue).of_rows(catalogue, rows), created, priced)

    return catalogue.memo.get("unknown items", make, frozenset({CREATED_AT, PRICE}))


def _numbers(catalogue: Catalogue, field: str, rows: Rows) -> NDArray[np.float64]:
    """(k,) NaN where a row has none."""
    column = catalogue.columns[field]
    pairs = column.of_rows(rows)
    found = np.full(len(rows), np.nan)
    found[np.searchsorted(rows, pairs.rows)] = column.numbers[pairs.codes]
    return found


def _active(catalogue: Catalogue) -> list[NDArray[np.float64]]:
    """For each level (n_kinds,) how many items anybody bought."""

    def make() -> list[NDArray[np.float64]]:
        bought = catalogue.base.popularity > 0
        kinds = [
            level.of_base[bought & (level.of_base >= 0)] for level in kinds_of(catalogue).levels
        ]
        sizes = [len(level.keys) for level in kinds_of(catalogue).levels]
        return [
            np.bincount(kind, minlength=size).astype(np.float64) + _MORE
            for kind, size in zip(kinds, sizes, strict=True)
        ]

    return catalogue.base.memo.get("active items of kinds", make)


def _propose(asked: Asked, allowed: Allowed, most: int) -> Proposal:
    catalogue = asked.catalogue
    cares = preferences(asked.context.shopper, asked.context.now, Forgetting())
    if len(cares.item) == 0:
        return NOTHING
    unknown = _unknown(catalogue)
    shares = []
    for level, many in zip(kinds_of(catalogue).levels, _active(catalogue), strict=True):
        mine = level.of_base[cares.item]
        told = np.bincount(mine[mine >= 0], cares.weight[mine >= 0], len(many))
        shares.append(np.append(told / many, 0.0))  # the last one is for no kind
    _, leaf, _ = unknown.kinds
    at = np.flatnonzero((shares[1][leaf] > 0) & allowed[unknown.rows])
    scores = np.zeros(len(at))
    for weight, share, kind in zip(_LEVELS, shares, unknown.kinds, strict=True):
        scores += weight * share[kind[at]]
    scores *= _worth(unknown, asked.context.now)[at]
    return best(unknown.rows[at], scores.astype(np.float32), most)


def _worth(unknown: _Unknown, now: int) -> NDArray[np.float64]:
    fresh = unknown.created > now - _FRESH_DAYS * MICROSECONDS_PER_DAY
    dated = np.where(unknown.created == _NO_DATE, _UNDATED, _NOT_FRESH)
    return np.asarray(np.where(fresh, 1.0, dated) * np.where(unknown.priced, 1.0, _UNPRICED))


def _reasons(asked: Asked, rows: Rows) -> list[Reason]:
    leaves = all_leaves(asked.catalogue)[rows]
    return [
        Reason(ReasonCode.NEW_IN_CATEGORY, category=category_path(asked.catalogue, int(leaf)))
        for leaf in leaves.tolist()
    ]


NEW_ITEMS = Retriever("new-items", _propose, _reasons)
