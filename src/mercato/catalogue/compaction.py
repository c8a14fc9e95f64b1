"""Leave out the rows that changes have left dead, so that a tail that is changed again and again
stays as long as the items in it.

Rows of the release keep their places, later ones close ranks in their order, and what the log ever
taught (values and their spelling, known words) stays. So the compacted snapshot answers every
query, and takes every later change, as the other would.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.growing import Layers
from mercato.catalogue.overlay import WITHDRAWN

if TYPE_CHECKING:
    from mercato.catalogue.catalogue import Catalogue

FEWEST_DEAD = 1_000
"""Assumed: fewer dead rows are not worth the work."""

SHARE_DEAD = 0.2
"""Of the later rows; so the work is in proportion to what was changed."""


def worth_compacting(catalogue: "Catalogue") -> bool:
    """Whether enough of the rows appended since the release are dead."""
    late = catalogue.alive[catalogue.n_base :]
    dead = len(late) - int(np.count_nonzero(late))
    return dead >= max(FEWEST_DEAD, SHARE_DEAD * len(late))


def compacted(catalogue: "Catalogue") -> "Catalogue":
    """The same snapshot without the dead rows behind the release's."""
    kept = _kept(catalogue)
    moved = np.full(catalogue.n_rows, WITHDRAWN, np.int32)
    moved[kept] = np.arange(len(kept))
    group, late_groups = _groups(catalogue, kept)
    live_of = catalogue.live_of
    vectors = catalogue.vectors
    alive = catalogue.alive[kept]
    return replace(
        catalogue,
        alive=alive,
        rows=catalogue.rows.compacted(kept, group),
        live_of=np.where(live_of >= 0, moved[live_of], live_of),
        columns=catalogue.columns.compacted(moved),
        text=catalogue.text.compacted(moved, int(np.argmin(alive))),
        facts=catalogue.facts.compacted(kept),
        completions=catalogue.completions.compacted(moved),
        vectors=vectors and vectors.compacted(kept),
        documents=_documents(catalogue, moved),
        late_rows=_late_rows(catalogue, moved),
        late_groups=late_groups,
        memo=catalogue.memo.kept(None),
    )


def _kept(catalogue: "Catalogue") -> NDArray[np.int64]:
    """Rows of the release, later ones that live, and the first dead one: it goes on to hold the
    words that no other row does."""
    n_base, late = catalogue.n_base, catalogue.alive[catalogue.n_base :].copy()
    if not late.all():
        late[np.argmin(late)] = True
    return np.concatenate([np.arange(n_base), np.flatnonzero(late) + n_base])


def _groups(
    catalogue: "Catalogue", kept: NDArray[np.int64]
) -> tuple[NDArray[np.int32], Layers[str, int]]:
    """The groups of the rows that are kept, and of late keys: a late group bears the number of
    the first row that is kept of it."""
    n_base = catalogue.n_base
    group = catalogue.group[kept]
    late = np.flatnonzero(group >= n_base)
    old, first = np.unique(group[late], return_index=True)
    new = late[first].astype(np.int32)
    group[late] = new[np.searchsorted(old, group[late])]
    number = dict(zip(old.tolist(), new.tolist(), strict=True))
    found = ((key, catalogue.late_groups[key]) for key in catalogue.late_groups)
    return group, Layers(({key: number[at] for key, at in found if at in number},))


def _documents(catalogue: "Catalogue", moved: NDArray[np.int32]) -> Layers[int, bytes]:
    """Those of rows that are kept; of the release's, of living ones."""
    documents, alive, n_base = catalogue.documents, catalogue.alive, catalogue.n_base
    rows = [row for row in documents if alive[row] or (row >= n_base and moved[row] >= 0)]
    return Layers(({int(moved[row]): documents[row] for row in rows},))


def _late_rows(catalogue: "Catalogue", moved: NDArray[np.int32]) -> Layers[str, int]:
    """Without ids that neither the release nor the tail has."""
    found = ((item_id, catalogue.late_rows[item_id]) for item_id in catalogue.late_rows)
    return Layers(
        (
            {
                item_id: WITHDRAWN if row == WITHDRAWN else int(moved[row])
                for item_id, row in found
                if row != WITHDRAWN or catalogue.base_row(item_id) is not None
            },
        )
    )
