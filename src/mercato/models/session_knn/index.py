"""Sessions as arrays, to be looked up by their items and by their number."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.core.history import Interactions
from mercato.models.saving import Saved
from mercato.models.sessions import moments, said, session_of


@dataclass(frozen=True)
class SessionIndex(Saved):
    """Sessions by the moment of their last event, the newest with the highest number.

    A place is the number of the moment, within the session, at which an item was last met.

    ended           : (n_sessions,) int64, microseconds
    session_offsets : (n_sessions + 1,) int64, session s owns that slice of:
    session_item    : (m,) int32, each once a session
    session_place   : (m,) int32
    item_offsets    : (n_items + 1,) int64, item i owns that slice of:
    item_session    : (p,) int32, sessions with the item, the newest first
    item_place      : (p,) int32
    met_in          : (n_items,) int64, sessions with the item, those not kept too
    """

    ended: NDArray[np.int64]
    session_offsets: NDArray[np.int64]
    session_item: NDArray[np.int32]
    session_place: NDArray[np.int32]
    item_offsets: NDArray[np.int64]
    item_session: NDArray[np.int32]
    item_place: NDArray[np.int32]
    met_in: NDArray[np.int64]

    @property
    def n_sessions(self) -> int:
        return len(self.ended)


def index_sessions(interactions: Interactions, gap_minutes: float, newest: int) -> SessionIndex:
    """Cut a log into sessions; of each item the ``newest`` sessions can be found again."""
    events = said(interactions)
    n_items = events.n_items
    session = session_of(events, gap_minutes)
    place = moments(events.ts, session)
    session, ended = _by_end(session, events.ts)
    # The last event of each (session, item): the highest place.
    order = np.lexsort((place, events.item, session))
    last = np.ones(len(order), bool)
    last[:-1] = _differ(session[order]) | _differ(events.item[order])
    kept = order[last]
    session, item, place = session[kept], events.item[kept], place[kept]
    met_in = np.bincount(item, minlength=n_items)
    by_item = np.lexsort((-session, item))
    rank = np.arange(len(item)) - np.repeat(np.cumsum(met_in) - met_in, met_in)
    found = by_item[rank < newest]
    return SessionIndex(
        ended=ended,
        session_offsets=np.searchsorted(session, np.arange(len(ended) + 1)),
        session_item=item.astype(np.int32),
        session_place=place.astype(np.int32),
        item_offsets=np.searchsorted(item[found], np.arange(n_items + 1)),
        item_session=session[found].astype(np.int32),
        item_place=place[found].astype(np.int32),
        met_in=met_in,
    )


def _by_end(
    session: NDArray[np.int64], ts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sessions (n,) numbered anew by their last event, and when each ended (n_sessions,)."""
    if len(session) == 0:
        return session, ts
    last = np.append(np.flatnonzero(_differ(session)), len(session) - 1)
    order = np.argsort(ts[last], kind="stable")
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    return number[session], ts[last][order]


def _differ(values: NDArray[np.integer]) -> NDArray[np.bool_]:
    """(n - 1,) whether each differs from the one before."""
    return np.asarray(values[1:] != values[:-1])
