"""Consent respected at the door: what may not be kept is left out, and what may only be kept
without who it was loses that."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from mercato.core.errors import BadInput
from mercato.core.events import EventRow
from mercato.core.programs import BOT, OWN
from mercato.data.casts import attributes_json
from mercato.data.importers.consent import Consent, read_consent, taken_apart
from mercato.data.importers.event_logs import EventLog
from mercato.data.pseudonyms import Pseudonyms
from mercato.state.consents import Word
from mercato.state.events import GUEST

_NOBODY: dict[str, Any] = dict.fromkeys(("user_id", "visitor_id", "session_id", "query_id"))
"""What names a shopper, or the answer that was given to them."""


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

    def row(self, row: EventRow, position: int, unlinked: Callable[[], Pseudonyms]) -> EventRow:
        """A row of the event at this position as it may be kept, once it was marked."""
        consent = self.said.get(position)
        if consent is None or consent.personalization:
            return row
        ids = unlinked()
        return row._replace(
            **_NOBODY,
            event_id=ids.event_id(row.event_id),
            transaction_id=ids.maybe(row.transaction_id),
            attributes=_marks(row.attributes),
        )

    def words(self, row: EventRow, position: int) -> list[Word]:
        """What the shopper of a row says of being known, in each of their names."""
        consent = self.said.get(position)
        if consent is None or not (consent.denied or consent.granted):
            return []
        names = [row.user_id, None if row.visitor_id is None else GUEST + row.visitor_id]
        return [Word(name, row.ts, consent.denied) for name in names if name is not None]


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
        if consent.denied or consent.granted:
            found.said[at] = consent
    return found


def _marks(attributes: str | None) -> str | None:
    """Of what an event says further only the marks of programs and own people: anything else may
    tell who it was."""
    if attributes is None:
        return None
    said = orjson.loads(attributes)
    return attributes_json({name: said[name] for name in (BOT, OWN) if name in said})
