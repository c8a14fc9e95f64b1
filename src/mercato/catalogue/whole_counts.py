"""The counts of a field over all living items, from those of the release.

The release is counted once; what changes took from it and added to it is counted anew for each
snapshot, in time that follows the changes, not the catalogue.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.columns import Column
from mercato.catalogue.facets import OnCards, counts_of

if TYPE_CHECKING:
    from mercato.catalogue.catalogue import Catalogue

MOST_CHANGED = 0.1
"""Share of the release from which on everything is counted anew instead. Assumed."""


def whole_counts(
    catalogue: "Catalogue", column: Column, *, on_cards: bool, in_ranges: bool
) -> NDArray[np.int64]:
    """As `counts_of` gives them for the living rows."""
    cards = OnCards(catalogue.group, catalogue.shared) if on_cards else None
    gone, come = _changed(catalogue, on_cards=on_cards)
    if column.base.is_patched or len(gone) + len(come) > MOST_CHANGED * catalogue.n_base:
        return counts_of(column, catalogue.living, cards, in_ranges=in_ranges)
    of_release = Column(column.base)
    base_cards = OnCards(catalogue.base.group, catalogue.base.shared) if on_cards else None

    def count() -> NDArray[np.int64]:
        rows = np.arange(catalogue.n_base)
        return counts_of(of_release, rows, base_cards, in_ranges=in_ranges)

    counts = counts_of(column, come, cards, in_ranges=in_ranges)
    key = ("whole", column.name, on_cards, in_ranges)
    before = catalogue.base.memo.get(key, count)
    counts[: len(before)] += before
    counts[: len(before)] -= counts_of(of_release, gone, base_cards, in_ranges=in_ranges)
    return counts


def _changed(
    catalogue: "Catalogue", *, on_cards: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of the release that no longer count as they did, and living rows that count in their
    place; of cards all rows, because a row may have told what another one tells too."""
    n_base, alive = catalogue.n_base, catalogue.alive
    gone = np.flatnonzero(~alive[:n_base])
    late = np.flatnonzero(alive[n_base:]) + n_base
    if not on_cards:
        return gone, late
    touched = np.zeros(catalogue.n_rows, bool)
    touched[catalogue.group[gone]] = True
    touched[catalogue.group[late]] = True
    gone = np.flatnonzero(touched[catalogue.base.group])
    return gone, np.concatenate([gone[alive[gone]], late])
