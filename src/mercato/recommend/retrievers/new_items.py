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
from mercato.core.columns import BRAND, CREATED_AT, PRICE, PRODUCT_TYPE
from mercato.core.history import MICROSECONDS_PER_DAY
from mercato.models.item_links import positions
from mercato.models.preference import Preferences
from mercato.ranking.reasons import Reason, ReasonCode
from mercato.recommend.asked import Asked, Rows
from mercato.recommend.categories import all_leaves, category_path
from mercato.recommend.kinds import Level, kinds_of
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
"""What an item counts against a fresh one where it was never bought and has no first day; where it
is rare or its first day is long ago; and, besides, where it has no price. Assumed."""


class _Unknown(NamedTuple):
    """Rows of which hardly anybody bought anything, by leaf category; of one snapshot.

    rows   : (m,)
    kinds  : for each level (m,) the kind of each, see `kinds`
    starts : (n_leaves + 1,) those of a leaf's kind start here
    """

    rows: Rows
    kinds: tuple[NDArray[np.int64], ...]
    starts: NDArray[np.int64]


def _unknown(catalogue: Catalogue) -> _Unknown:
    def make() -> _Unknown:
        base = catalogue.live_of[catalogue.base.popularity < FEW_SHOPPERS]
        late = np.flatnonzero(catalogue.base_of[catalogue.n_base :] < 0) + catalogue.n_base
        rows = np.sort(np.concatenate([base[base >= 0], late[catalogue.alive[late]]]))
        kinds = kinds_of(catalogue)
        found = kinds.of_rows(catalogue, rows)
        order = np.argsort(found[1], kind="stable")
        n_leaves = len(kinds.levels[1].keys)
        starts = np.searchsorted(found[1][order], np.arange(n_leaves + 1))
        return _Unknown(rows[order], tuple(kind[order] for kind in found), starts)

    return catalogue.memo.get("unknown items", make, frozenset({BRAND, PRODUCT_TYPE}))


def _worths(catalogue: Catalogue, now: int) -> NDArray[np.float32]:
    """(n_rows,) what each row counts by its first day and its price, today; 0: enough bought it.

    Apart from `_unknown`: prices change all day long, kinds hardly ever.
    """

    def make() -> NDArray[np.float32]:
        rows = np.sort(_unknown(catalogue).rows)
        worths = np.zeros(catalogue.n_rows, np.float32)
        worths[rows] = _worth(catalogue, rows, now)
        return worths

    day = now // MICROSECONDS_PER_DAY
    fields = frozenset({CREATED_AT, PRICE})
    return catalogue.memo.get(("worth of unknown items", day), make, fields)


def _worth(catalogue: Catalogue, rows: Rows, now: int) -> NDArray[np.float32]:
    created = _numbers(catalogue, CREATED_AT, rows) * 1e6  # microseconds
    never_bought = catalogue.popularity[rows] <= 0
    worth = np.where(np.isnan(created) & never_bought, _UNDATED, _NOT_FRESH)
    fresh = created > now - _FRESH_DAYS * MICROSECONDS_PER_DAY
    worth[fresh | (catalogue.base_of[rows] < 0)] = 1.0
    worth[np.isnan(_numbers(catalogue, PRICE, rows))] *= _UNPRICED
    return worth.astype(np.float32)


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
    cares = asked.cares
    if len(cares.item) == 0:
        return NOTHING
    unknown = _unknown(catalogue)
    shares = [
        _share(level, cares, many)
        for level, many in zip(kinds_of(catalogue).levels, _active(catalogue), strict=True)
    ]
    at, _ = positions(unknown.starts, np.flatnonzero(shares[1][:-1]))
    at = at[allowed[unknown.rows[at]]]
    branded, leaf, above = (
        share[kind[at]] for share, kind in zip(shares, unknown.kinds, strict=True)
    )
    # A brand that its category did not have yet, or none, is like any other there.
    branded = np.where(unknown.kinds[0][at] < 0, leaf, branded)
    scores = np.array(_LEVELS, np.float32) @ np.stack([branded, leaf, above])
    rows = unknown.rows[at]
    return best(rows, scores * _worths(catalogue, asked.context.now)[rows], most)


def _share(level: Level, cares: Preferences, active: NDArray[np.float64]) -> NDArray[np.float32]:
    """(n_kinds + 1,) what an item of each kind may expect; the last one is for no kind."""
    kind = level.of_base[cares.item]
    told = np.bincount(kind[kind >= 0], cares.weight[kind >= 0], len(active))
    return np.append(told / active, 0.0).astype(np.float32)


def _reasons(asked: Asked, rows: Rows) -> list[Reason]:
    leaves = all_leaves(asked.catalogue)[rows]
    return [
        Reason(ReasonCode.NEW_IN_CATEGORY, category=category_path(asked.catalogue, int(leaf)))
        for leaf in leaves.tolist()
    ]


NEW_ITEMS = Retriever("new-items", _propose, _reasons)
