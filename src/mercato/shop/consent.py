"""Consent respected at the door: what may not be kept is left out, and what may only be kept
without who it was loses that."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mercato.core.errors import BadInput
from mercato.core.events import EventRow
from mercato.data.importers.consent import Consent, read_consent, taken_apart
from mercato.data.importers.event_logs import EventLog


@dataclass(frozen=True)
class Agreed:
    """Events without what they say of consent, in their order.

    said    : by the position of the event
    unread  : positions of events whose consent cannot be read, and what to say to that
    """

    events: list[object]
    said: dict[int, Consent] = field(default_factory=dict)
    unread: dict[int, str] = field(default_factory=dict)

    @property
    def withheld(self) -> frozenset[int]:
        """Positions of events that may not be kept."""
        return frozenset(at for at, consent in self.said.items() if not consent.analytics)

    def row(self, row: EventRow, position: int) -> EventRow:
        """A row of the event at this position as it may be kept."""
        consent = self.said.get(position)
        if consent is None or consent.personalization:
            return row
        return row._replace(user_id=None, visitor_id=None, session_id=None)


def agreed(events: Sequence[object], log: EventLog | None = None) -> Agreed:
    """What the events of a batch say of consent.

    log : the dialect that they are in; None: ours
    """
    found = Agreed([])
    for at, event in enumerate(events):
        try:
            rest, consent = taken_apart(event)
            if rest is event and log is not None and log.consent and isinstance(event, dict):
                consent = read_consent(log.consent(event))
        except BadInput as error:
            found.events.append(None)
            found.unread[at] = str(error)
            continue
        found.events.append(rest)
        if consent != Consent():
            found.said[at] = consent
    return found
