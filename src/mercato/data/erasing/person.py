"""Who somebody is: a user, and the visitors and sessions that nobody else was ever seen with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset

from mercato.core.columns import SESSION_ID, USER_ID, VISITOR_ID
from mercato.data.access import GUEST, Mask
from mercato.data.assets.events import SCHEMA
from mercato.data.store import AssetStore

SEEN = (USER_ID, VISITOR_ID, SESSION_ID)
"""Who a line names, in the order in which they are asked: a session only speaks for lines without
a visitor, a visitor for those without a user."""

Seen = tuple[str | None, str | None, str | None]
"""What one line says of `SEEN`."""


@dataclass(frozen=True)
class Person:
    """user : None for a guest"""

    user: str | None
    visitors: frozenset[str] = frozenset()
    sessions: frozenset[str] = frozenset()

    def owns(self, seen: Seen) -> bool:
        """Whether a line is this person's."""
        user, visitor, session = seen
        if user is not None:
            return user == self.user
        if visitor is not None:
            return visitor in self.visitors
        return session is not None and session in self.sessions


class Lines:
    """Distinct `Seen` of all that is known; those of the state are given, the assets' are read."""

    def __init__(self, store: AssetStore, state: Iterable[Seen]) -> None:
        self._state = frozenset(state)
        known = store.version("events") is not None
        self._files = store.files("events") if known else []

    def naming(self, column: str, values: Iterable[str]) -> set[Seen]:
        """All that name one of these values, the very same, in a column out of `SEEN`."""
        wanted = frozenset(values)
        at = SEEN.index(column)
        found = {seen for seen in self._state if seen[at] in wanted}
        if not self._files or not wanted:
            return found
        lines = pyarrow.dataset.dataset(self._files, format="parquet", schema=SCHEMA)
        asked = pa.array(sorted(wanted), pa.string())
        # Not by the scanner's filter: it knows no statistics of the type string_view, as which
        # delta-rs writes a text anew.
        parts = [
            part.filter(pc.is_in(part[column], value_set=asked))
            for part in lines.to_batches(columns=list(SEEN), batch_readahead=1)
        ]
        table = pa.Table.from_batches(parts, pa.schema([SCHEMA.field(name) for name in SEEN]))
        rows = table.group_by(list(SEEN)).aggregate([])
        return found | {tuple(row[name] for name in SEEN) for row in rows.to_pylist()}


def pseudonyms(person: Person, mask: Mask) -> dict[str, tuple[str, ...]]:
    """Column out of `SEEN` → the pseudonyms of what the person is named there."""
    ids = ([person.user] if person.user is not None else [], person.visitors, person.sessions)
    return {
        name: tuple(sorted(map(mask.pseudonym, values)))
        for name, values in zip(SEEN, ids, strict=True)
    }


def person_of(lines: Lines, shopper_id: str, linked: Sequence[tuple[str, str]]) -> Person:
    """The person behind a user's id, or behind ``visitor:`` and a guest's.

    linked : (visitor, user) as the state has joined them
    """
    if shopper_id.startswith(GUEST):
        person = Person(None, frozenset({shopper_id.removeprefix(GUEST)}))
    else:
        beside = {seen[1] for seen in lines.naming(USER_ID, [shopper_id])}
        beside |= {visitor for visitor, user in linked if user == shopper_id}
        beside.discard(None)
        shared = {
            seen[1]
            for seen in lines.naming(VISITOR_ID, filter(None, beside))
            if seen[0] not in (None, shopper_id)
        }
        shared |= {visitor for visitor, user in linked if user != shopper_id}
        person = Person(shopper_id, frozenset(filter(None, beside - shared)))
    return Person(person.user, person.visitors, _sessions(lines, person))


def _sessions(lines: Lines, person: Person) -> frozenset[str]:
    """Of the person's lines, those that no line of anybody else names."""
    own = lines.naming(USER_ID, [person.user] if person.user is not None else [])
    own |= {each for each in lines.naming(VISITOR_ID, person.visitors) if person.owns(each)}
    found = {session for *_, session in own if session is not None}
    others = {
        seen[2]
        for seen in lines.naming(SESSION_ID, found)
        if (seen[0], seen[1]) != (None, None) and not person.owns(seen)
    }
    return frozenset(found - others)
