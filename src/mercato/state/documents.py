"""Settings of one kind as JSON objects by id, and the version by which workers see that one
changed."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, Table, delete, insert, select, update

from mercato.core.errors import MercatoError
from mercato.state.databases.database import Database
from mercato.state.decisions import Decision, DecisionLog, newest_decision, write_decision
from mercato.state.writer import Writer

Result = TypeVar("Result")

_TRIES = 10
"""Times that a change is thought over again because others changed something meanwhile."""


class ChangedMeanwhile(MercatoError):
    """Somebody else changes the same, again and again."""

    status = 409
    title = "Changed meanwhile"


class Wanted(StrEnum):
    """What must be there for a change to be made."""

    NEW = "new"
    """No document of that id."""
    KNOWN = "known"
    """A document of that id."""
    EITHER = "either"


@dataclass(frozen=True)
class DocumentChange:
    """document : what stands there from now on; None deletes it"""

    id: str
    document: Mapping[str, Any] | None
    wanted: Wanted = Wanted.EITHER


@dataclass(frozen=True)
class StoredDocument:
    """created_at, updated_at : microseconds since 1970, UTC; updated_by : see `Decision`"""

    id: str
    document: Mapping[str, Any]
    created_at: int
    updated_at: int
    updated_by: str


class DocumentTable:
    """Reads go to the database each time; writes go through the one writer.

    table  : its columns are those of `StoredDocument`
    kind   : under which changes stand in the log of decisions
    hidden : fields that the log does not repeat
    """

    def __init__(
        self,
        writer: Writer,
        database: Database,
        table: Table,
        kind: str,
        hidden: frozenset[str] = frozenset(),
    ) -> None:
        self._writer = writer
        self._database = database
        self._place = _Place(table, kind, hidden)
        self._log = DecisionLog(database)

    def version(self) -> int:
        """Rises with every change."""
        return self._log.newest(self._place.kind)

    def all(self) -> list[StoredDocument]:
        """All documents, by their id."""
        table = self._place.table
        with self._database.read() as connection:
            return [_stored(row) for row in connection.execute(select(table).order_by(table.c.id))]

    def get(self, key: str) -> StoredDocument | None:
        table = self._place.table
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.id == key)).first()
        return None if row is None else _stored(row)

    def change(
        self, changes: Sequence[DocumentChange], *, actor: str, action: str
    ) -> "Future[DocumentChange | None]":
        """Make changes, all or none, each with its line in the log of decisions.

        The future resolves once they are on the disk: to None, or to the first change for which
        not what it wants was there; then nothing was written.
        """
        said = _Said(self._place, tuple(changes), actor, action)
        return self._writer.submit(_store, said, len(changes))

    def rewrite(
        self,
        plan: Callable[[], tuple[Sequence[DocumentChange], Result]],
        *,
        actor: str,
        action: str,
    ) -> Result:
        """Make the changes that ``plan`` gives after it read what it needs of the documents; its
        result, once they are on the disk.

        Where any document of the table changed since it began to read, nothing is written and it
        is asked again: so no change rests on what is not so any more. Raises what ``plan`` raises,
        and ChangedMeanwhile where others are quicker every time.
        """
        for _ in range(_TRIES):
            version = self.version()
            changes, result = plan()
            said = _Said(self._place, tuple(changes), actor, action, version)
            if not changes or self._writer.submit(_store_unless_newer, said, len(changes)).result():
                return result
        raise ChangedMeanwhile(
            f"a {self._place.kind} that nobody else changes",
            f"{_TRIES} changes by others while this one was made",
            "Look at it as it is now, and do it again.",
        )


@dataclass(frozen=True)
class _Place:
    table: Table
    kind: str
    hidden: frozenset[str]

    def told(self, document: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        if document is None or not self.hidden:
            return document
        return {name: value for name, value in document.items() if name not in self.hidden}


@dataclass(frozen=True)
class _Said:
    place: _Place
    changes: tuple[DocumentChange, ...]
    actor: str
    action: str
    version: int = 0


def _store_unless_newer(connection: Connection, batches: Sequence[_Said]) -> Sequence[bool]:
    now = time.time_ns() // 1000
    return [
        newest_decision(connection, each.place.kind) == each.version
        and _made(connection, each, now) is None
        for each in batches
    ]


def _store(connection: Connection, batches: Sequence[_Said]) -> Sequence[DocumentChange | None]:
    now = time.time_ns() // 1000
    return [_made(connection, batch, now) for batch in batches]


def _made(connection: Connection, said: _Said, now: int) -> DocumentChange | None:
    table, kind = said.place.table, said.place.kind
    for change in said.changes:
        known = _document(connection, table, change.id) is not None
        if (change.wanted is Wanted.NEW and known) or (change.wanted is Wanted.KNOWN and not known):
            return change
    for change in said.changes:
        before = _document(connection, table, change.id)
        _write(connection, said, change, now, is_new=before is None)
        told = (said.place.told(before), said.place.told(change.document))
        decision = Decision(said.actor, said.action, kind, change.id, *told, now)
        write_decision(connection, decision)
    return None


def _write(
    connection: Connection, said: _Said, change: DocumentChange, now: int, *, is_new: bool
) -> None:
    table = said.place.table
    of_it = table.c.id == change.id
    if change.document is None:
        connection.execute(delete(table).where(of_it))
        return
    values = {
        "document": orjson.dumps(change.document).decode(),
        "updated_at": now,
        "updated_by": said.actor,
    }
    if is_new:
        connection.execute(insert(table).values(id=change.id, created_at=now, **values))
    else:
        connection.execute(update(table).where(of_it).values(**values))


def _document(connection: Connection, table: Table, key: str) -> Mapping[str, Any] | None:
    found = connection.execute(select(table.c.document).where(table.c.id == key)).scalar()
    return None if found is None else orjson.loads(found)


def _stored(row: Any) -> StoredDocument:
    document = orjson.loads(row.document)
    return StoredDocument(row.id, document, row.created_at, row.updated_at, row.updated_by)
