"""Accept what shoppers did: the good events of a batch durably, the others with their reason."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from mercato.core.errors import BadInput
from mercato.core.events import EventRow
from mercato.data.importers.event_logs import EventLog
from mercato.data.importers.ga4_event import ParsedEvents, parse_events
from mercato.data.importers.sent import Sent, as_sent, translated
from mercato.shop.consent import agreed
from mercato.shop.marking import Marking
from mercato.shop.opened import Shop
from mercato.state import Appended
from mercato.state.consents import Word

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
    ``withheld`` are not kept, since their shoppers did not agree to it; ``left_out`` say nothing
    that our events hold.

    Of a dialect ``rejected``, ``withheld`` and ``left_out`` count the objects that were sent; an
    object of UBI may say two events.
    """

    accepted: int
    duplicates: int
    rejected: tuple[Rejected, ...]
    withheld: int = 0
    left_out: int = 0


def shape_of(found: Accepted) -> dict[str, Any]:
    """As ``POST /v1/events`` answers; counts that are rarely there stand only then."""
    told = asdict(found)
    return {name: told[name] for name in told if told[name] or name not in ("withheld", "left_out")}


@dataclass(frozen=True)
class Door:
    """How a batch came in.

    dialect : that its objects are written in; None: ours
    marking : what is known of who sent it
    """

    dialect: EventLog | None = None
    marking: Marking = field(default_factory=Marking)


@dataclass(frozen=True)
class LookedAt:
    """A batch before it is stored: the lines to keep, what their shoppers say of being known, and
    what is said of the rest of it."""

    rows: list[EventRow]
    told: Accepted
    words: list[Word] = field(default_factory=list)


OUR_OWN = Door()


def accept(shop: Shop, events: Sequence[object], door: Door = OUR_OWN) -> "Future[Accepted]":
    """Store the events that fit; the future resolves once they are on the disk.

    Raises TooLarge for a batch that is too long as a whole, Overloaded where too much waits to
    be written; then nothing of it is stored.
    """
    found = look_at(shop, events, door)
    accepted: Future[Accepted] = Future()
    # Before the events, so that it is on the disk when they are.
    noted = shop.state.consents.note(found.words) if found.words else None
    stored = shop.state.events.append(found.rows)
    stored.add_done_callback(lambda done: _settle(accepted, done, noted, found.told))
    return accepted


def look_at(shop: Shop, events: Sequence[object], door: Door = OUR_OWN) -> LookedAt:
    """What `accept` would store of a batch, and say to the rest. Raises TooLarge."""
    if len(events) > MOST_EVENTS:
        raise _too_large(f"{MOST_EVENTS} events in a batch", len(events))
    now = shop.wall()
    consent = agreed(events, door.dialect)
    log = door.dialect
    sent = as_sent(consent.events) if log is None else translated(log, consent.events)
    parsed = parse_events(sent.events, received=now)
    if len(parsed.rows) > MOST_LINES:
        raise _too_large(f"{MOST_LINES} items in a batch", len(parsed.rows))
    rejected = _rejected(sent, parsed, now) | consent.unread
    withheld = consent.withheld - sent.left_out.keys()
    gone = rejected.keys() | withheld
    rows: list[EventRow] = []
    words: list[Word] = []
    for row, event in zip(parsed.rows, parsed.event_of_row, strict=True):
        at = sent.object_of_event[event]
        if at not in rejected:
            words += consent.words(shop.pseudonyms.row(row), at)
        if at not in gone:
            marked = door.marking.row(row)
            rows.append(shop.pseudonyms.row(consent.row(marked, at, lambda: shop.unlinked)))
    wrong = tuple(Rejected(at, rejected[at]) for at in sorted(rejected.keys() - withheld))
    left_out = len(sent.left_out.keys() - rejected.keys())
    return LookedAt(rows, Accepted(0, 0, wrong, len(withheld), left_out), words)


def _rejected(sent: Sent, parsed: ParsedEvents, now: int) -> dict[int, str]:
    """The objects that are refused, whole, and what to say to that."""
    found = {at: str(problem) for at, problem in sent.refused.items()}
    events = {event: str(problem) for event, problem in parsed.problems.items()}
    for event, said in (events | _ahead(parsed, now + AHEAD_MICROSECONDS)).items():
        found.setdefault(sent.object_of_event[event], said)
    return found


def _ahead(parsed: ParsedEvents, latest: int) -> dict[int, str]:
    """The events whose time lies after ``latest``, and what to say to that."""
    said = (
        "expected ts at most a day ahead of this server's clock; found one later. "
        "Set the sender's clock."
    )
    lines = zip(parsed.rows, parsed.event_of_row, strict=True)
    return {index: said for row, index in lines if row.ts > latest}


def _settle(
    accepted: "Future[Accepted]",
    stored: "Future[Appended]",
    noted: "Future[None] | None",
    told: Accepted,
) -> None:
    if not accepted.set_running_or_notify_cancel():
        return
    error = stored.exception() or (None if noted is None else noted.exception())
    if error is not None:
        accepted.set_exception(error)
    else:
        count = stored.result()
        accepted.set_result(replace(told, accepted=count.accepted, duplicates=count.duplicates))


def _too_large(expected: str, found: int) -> TooLarge:
    return TooLarge(f"at most {expected}", str(found), "Send it in several batches.")
