"""Accept what shoppers did: the good events of a batch durably, the others with their reason."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from mercato.core.errors import BadInput
from mercato.core.events import EventRow
from mercato.shop.event_rows import event_rows
from mercato.shop.opened import Shop
from mercato.state import Appended

MOST_EVENTS = 1_000
"""Events in one batch."""

MOST_LINES = 10_000
"""Lines of one batch's events; the state takes 20,000 at a time."""


@dataclass(frozen=True)
class Rejected:
    """An event that was left out, by its place in the batch, and why."""

    index: int
    error: str


@dataclass(frozen=True)
class Accepted:
    """Counts of events; ``duplicates`` were stored before, or stand in the batch twice."""

    accepted: int
    duplicates: int
    rejected: tuple[Rejected, ...]


def accept(shop: Shop, events: Sequence[object]) -> "Future[Accepted]":
    """Store the events that fit; the future resolves once they are on the disk.

    Raises BadInput for a batch that is too long as a whole, Overloaded where too much waits to
    be written; then nothing of it is stored.
    """
    if len(events) > MOST_EVENTS:
        raise _too_many(f"{MOST_EVENTS} events", f"{len(events)}")
    rows: list[EventRow] = []
    rejected: list[Rejected] = []
    now = shop.wall()
    for index, event in enumerate(events):
        try:
            rows += event_rows(event, now)
        except BadInput as error:
            rejected.append(Rejected(index, str(error)))
    if len(rows) > MOST_LINES:
        raise _too_many(f"{MOST_LINES} items", f"{len(rows)}")
    accepted: Future[Accepted] = Future()
    stored = shop.state.events.append(rows)
    stored.add_done_callback(lambda done: _settle(accepted, done, tuple(rejected)))
    return accepted


def _settle(
    accepted: "Future[Accepted]", stored: "Future[Appended]", rejected: tuple[Rejected, ...]
) -> None:
    if not accepted.set_running_or_notify_cancel():
        return
    error = stored.exception()
    if error is not None:
        accepted.set_exception(error)
    else:
        count = stored.result()
        accepted.set_result(Accepted(count.accepted, count.duplicates, rejected))


def _too_many(expected: str, found: str) -> BadInput:
    return BadInput(f"at most {expected} in a batch", found, "Send it in several batches.")
