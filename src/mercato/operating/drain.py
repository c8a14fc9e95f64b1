"""Move events and answers from the state into their assets, each line exactly once.

How far a log was moved stands in the asset itself: the commit that adds the lines carries the
``seq`` of the last one as Delta's application transaction, so that at no moment one is true without
the other. Where somebody else drains or imports at the same time the commit fails, and the next
drain begins from what is there then.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from mercato.core.events import DRAIN_APPLICATION
from mercato.core.settings import PrivacySettings
from mercato.data.appending import absent
from mercato.data.asset import Asset
from mercato.data.assets.answers import ANSWERS, answer_table
from mercato.data.assets.events import EVENTS
from mercato.data.importers.ga4_event import columns_of
from mercato.data.store import AssetStore
from mercato.state import State

ROWS_AT_ONCE = 20_000
"""Rows a commit; with 50,000 a server's memory peaks 26 MB higher (measured)."""

MICROSECONDS_PER_DAY = 86_400_000_000

_DRAINED = "drained-at"

_ACTOR = "mercato serve"
"""Who retires lines of the audit, in the log of decisions."""


@dataclass(frozen=True)
class Moved:
    """Counts of lines and answers.

    known : stood in the asset already, as an event does that was also imported from a file
    """

    added: int = 0
    known: int = 0

    def __add__(self, other: "Moved") -> "Moved":
        return Moved(self.added + other.added, self.known + other.known)


def drain(state: State, store: AssetStore) -> Moved:
    """Move what is not yet in the assets as it begins; some of what comes meanwhile, too.

    Raises Conflict where another writer was faster; then the rest stays in the state.
    """
    return _drain(EVENTS, store, lambda seq: _events(state, seq)) + _drain(
        ANSWERS, store, lambda seq: _answers(state, seq)
    )


def drained(store: AssetStore, asset: Asset) -> int:
    """The ``seq`` up to which the asset holds its log; 0 before the first drain."""
    return store.transaction(asset.name, DRAIN_APPLICATION) or 0


def prune(
    state: State,
    store: AssetStore,
    keep_days: int,
    learned_up_to: int,
    privacy: PrivacySettings | None = None,
) -> int:
    """Delete drained rows that are older than ``keep_days``; how many. Before, the newest seals of
    the logs are noted in the shop's folder.

    privacy : no row stays for longer than it says, learned from or not
    learned_up_to : the watermark of the live release; later events are still read from the state
    """
    state.note_heads(store.shop)
    privacy = privacy or PrivacySettings()
    now = time.time_ns() // 1000

    def before(days: int) -> int:
        return now - days * MICROSECONDS_PER_DAY

    events = drained(store, EVENTS)
    gone = state.events.prune(up_to=min(events, learned_up_to), before=before(keep_days))
    if privacy.events_days:
        gone += state.events.prune(up_to=events, before=before(privacy.events_days))
    if links_days := privacy.links_days or privacy.events_days:
        state.events.prune_links(before(links_days))
    if privacy.audit_days:
        today = now // MICROSECONDS_PER_DAY  # by whole days: each time is a line of the decisions
        state.audit.retire((today - privacy.audit_days) * MICROSECONDS_PER_DAY, _ACTOR)
    days = min(keep_days, privacy.answers_days or keep_days)
    return gone + state.answers.prune(up_to=drained(store, ANSWERS), before=before(days))


def last_drained(state: State) -> float:
    """When a process last drained the state to its end, seconds since 1970; 0 before the first."""
    return float(state.get(_DRAINED) or 0)


def note_drained(state: State) -> None:
    """Remember that the state is drained now."""
    state.set(_DRAINED, repr(time.time()))


Batch = tuple[int, pa.Table]
"""The ``seq`` of the last row, and the rows."""


def _drain(asset: Asset, store: AssetStore, after: Callable[[int], Batch]) -> Moved:
    moved = Moved()
    while True:
        # In this order: a commit in between makes the base old, and ours is refused.
        version = store.version(asset.name)
        done = drained(store, asset)
        last, rows = after(done)
        if last == done:
            return moved
        new = rows if version is None else absent(store, asset, version, rows)
        store.commit(
            asset.name,
            new,
            mode="append",
            note={"made_by": "drain", "from": str(done), "to": str(last)},
            transaction=(DRAIN_APPLICATION, last),
            base=-1 if version is None else version,
        )
        moved += Moved(new.num_rows, rows.num_rows - new.num_rows)
        if rows.num_rows < ROWS_AT_ONCE:
            return moved  # what came meanwhile is the next drain's: else one would never end


def _events(state: State, seq: int) -> Batch:
    lines = state.events.after(seq, ROWS_AT_ONCE)
    return lines.last, pa.Table.from_batches([columns_of(lines.rows)])


def _answers(state: State, seq: int) -> Batch:
    found = state.answers.after(seq, ROWS_AT_ONCE)
    return found.last, answer_table(found.rows)
