"""Accept what shoppers did: the good events of a batch durably, the others with their reason."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from mercato.core.errors import BadInput
from mercato.data.importers.ga4_event import ParsedEvents, parse_events
from mercato.shop.consent import agreed
from mercato.shop.opened import Shop
from mercato.state import Appended

MOST_EVENTS = 1_000
"""Events in one batch."""

MOST_LINES = 10_000
"""Lines of one batch's events: half of what the state lets wait."""

AHEAD_MICROSECONDS = 86_400_000_000
"""So far ahead a sender's clock may be: one day. One event from a wrong year would make all that
a release learns from look old."""


class TooLarge(BadInput):
    """The batch is longer than what is taken at once."""

    status = 413
    title = "Too much at once"


@dataclass(frozen=True)
class Rejected:
    """An event that was left out, by its place in the batch, and why."""

    index: int
    error: str


@dataclass(frozen=True)
class Accepted:
    """Counts of events; ``duplicates`` were stored before, or stand in the batch twice;
    ``withheld`` are not kept, since their shoppers did not agree to it."""

    accepted: int
    duplicates: int
    rejected: tuple[Rejected, ...]
    withheld: int = 0


def accept(shop: Shop, events: Sequence[object]) -> "Future[Accepted]":
    """Store the events that fit; the future resolves once they are on the disk.

    Raises TooLarge for a batch that is too long as a whole, Overloaded where too much waits to
    be written; then nothing of it is stored.
    """
    if len(events) > MOST_EVENTS:
        raise _too_large(f"{MOST_EVENTS} events in a batch", len(events))
    now = shop.wall()
    consent = agreed(events)
    parsed = parse_events(consent.events, received=now)
    if len(parsed.rows) > MOST_LINES:
        raise _too_large(f"{MOST_LINES} items in a batch", len(parsed.rows))
    rejected = {index: str(problem) for index, problem in parsed.problems.items()}
    rejected |= _ahead(parsed, now + AHEAD_MICROSECONDS) | consent.unread
    withheld = consent.withheld
    rows = parsed.rows
    if len(rejected) > len(parsed.problems) or consent.said:
        lines = zip(rows, parsed.event_of_row, strict=True)
        left_out = rejected.keys() | withheld
        rows = [consent.row(row, index) for row, index in lines if index not in left_out]
    wrong = sorted(rejected.keys() - withheld)
    told = Accepted(0, 0, tuple(Rejected(at, rejected[at]) for at in wrong), len(withheld))
    accepted: Future[Accepted] = Future()
    stored = shop.state.events.append(rows)
    stored.add_done_callback(lambda done: _settle(accepted, done, told))
    return accepted


def _ahead(parsed: ParsedEvents, latest: int) -> dict[int, str]:
    """The events whose time lies after ``latest``, and what to say to that."""
    said = (
        "expected ts at most a day ahead of this server's clock; found one later. "
        "Set the sender's clock."
    )
    lines = zip(parsed.rows, parsed.event_of_row, strict=True)
    return {index: said for row, index in lines if row.ts > latest}


def _settle(accepted: "Future[Accepted]", stored: "Future[Appended]", told: Accepted) -> None:
    if not accepted.set_running_or_notify_cancel():
        return
    error = stored.exception()
    if error is not None:
        accepted.set_exception(error)
    else:
        count = stored.result()
        accepted.set_result(replace(told, accepted=count.accepted, duplicates=count.duplicates))


def _too_large(expected: str, found: int) -> TooLarge:
    return TooLarge(f"at most {expected}", str(found), "Send it in several batches.")
