"""Events cut into sessions: what a shopper does without a long silence."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.models.preference import EVENT_WEIGHTS

_MICROSECONDS_PER_MINUTE = MICROSECONDS_PER_DAY / (24 * 60)


def said(interactions: Interactions) -> Interactions:
    """The events that say something of a wish for the item, see `EVENT_WEIGHTS`."""
    return interactions.of_kinds(*EVENT_WEIGHTS)


def session_of(interactions: Interactions, gap_minutes: float) -> NDArray[np.int64]:
    """(n,) the session of each event, from 0, not falling.

    gap_minutes : silence after which a session ends
    """
    if len(interactions.ts) == 0:
        return np.zeros(0, np.int64)
    user = interactions.user
    opens = np.ones(len(user), bool)
    opens[1:] = (user[1:] != user[:-1]) | _silent(interactions.ts, gap_minutes)
    return np.cumsum(opens) - 1


def newest_session(one: Interactions, gap_minutes: float) -> Interactions:
    """The events of one shopper's newest session that say something, see `said`."""
    events = said(one)
    silences = np.flatnonzero(_silent(events.ts, gap_minutes))
    begins = int(silences[-1]) + 1 if len(silences) else 0
    return events.where(np.arange(len(events.ts)) >= begins)


def moments(ts: NDArray[np.int64], session: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) which of its session's different moments each event is of, from 0.

    What is bought at once stands at one place: the order within a basket means nothing.
    """
    if len(ts) == 0:
        return np.zeros(0, np.int64)
    opens = np.ones(len(ts), bool)
    opens[1:] = session[1:] != session[:-1]
    moves = opens.copy()
    moves[1:] |= ts[1:] != ts[:-1]
    number = np.cumsum(moves)
    return np.asarray(number - number[opens][np.cumsum(opens) - 1])


class Query(NamedTuple):
    """The items of an asked session, each once, the newest last. Both (k,).

    back : moments since the item was last met
    """

    item: NDArray[np.int64]
    back: NDArray[np.int64]


def query_of(one: Interactions, gap_minutes: float) -> Query:
    """The newest session of one shopper."""
    session = newest_session(one, gap_minutes)
    place = moments(session.ts, np.zeros(len(session.ts), np.int64))
    item, newest_first = np.unique(session.item[::-1], return_index=True)
    back = place[-1:] - place[::-1][newest_first]
    order = np.argsort(-back, kind="stable")
    return Query(item[order].astype(np.int64), back[order])


def _silent(ts: NDArray[np.int64], gap_minutes: float) -> NDArray[np.bool_]:
    """(n - 1,) whether more than the gap lies before each event but the first."""
    return np.asarray(np.diff(ts) > gap_minutes * _MICROSECONDS_PER_MINUTE)
