"""How often items follow each other. Apart from `markov`, so that a server does not load SciPy."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from mercato.core.history import Interactions
from mercato.models.item_links import ItemLinks
from mercato.models.sessions import said, session_of


def counted(
    interactions: Interactions, gap_minutes: float, weights: Sequence[float], back: float
) -> sp.csr_array:
    """(n_items, n_items) how often the column followed the row in a session.

    weights : what counts one that comes 1, 2, … events later
    back    : what the same counts from the later to the earlier; what is bought at once has no
              order and counts in full both ways
    """
    events = said(interactions)
    session, item = session_of(events, gap_minutes), events.item
    rows, columns, values = [], [], []
    for lag, weight in enumerate(weights, start=1):
        earlier = np.flatnonzero(session[:-lag] == session[lag:])
        later = earlier + lag
        at_once = events.ts[earlier] == events.ts[later]
        rows += [item[earlier], item[later]]
        columns += [item[later], item[earlier]]
        values += [np.full(len(earlier), weight), weight * np.where(at_once, 1.0, back)]
    shape = (events.n_items, events.n_items)
    places = (np.concatenate(rows), np.concatenate(columns))
    found = sp.csr_array((np.concatenate(values), places), shape=shape)
    found.sum_duplicates()
    found.eliminate_zeros()
    return found


def chances(found: sp.csr_array, most: int) -> ItemLinks:
    """Each row's greatest, over all of the row; ``most`` are kept, of equal ones the first."""
    n_items = found.shape[0]
    counts = np.diff(found.indptr)
    row = np.repeat(np.arange(n_items), counts)
    chance = found.data / np.bincount(row, found.data, n_items)[row]
    order = np.lexsort((found.indices, -chance, row))
    rank = np.arange(len(row)) - np.repeat(found.indptr[:-1], counts)
    kept = order[rank < most]
    offsets = np.concatenate(([0], np.cumsum(np.minimum(counts, most))))
    return ItemLinks(
        offsets.astype(np.int64),
        found.indices[kept].astype(np.int32),
        chance[kept].astype(np.float16),
    )
