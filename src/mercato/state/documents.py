"""Settings of one kind as JSON objects by id, and the version by which workers see that one
changed."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import Connection, Table, delete, insert, select, update

from mercato.state.databases.database import Database
from mercato.state.decisions import Decision, DecisionLog, write_decision
from mercato.state.writer import Writer


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

    table : its columns are those of `StoredDocument`
    kind  : under which changes stand in the log of decisions
    """

    def __init__(self, writer: Writer, database: Database, table: Table, kind: str) -> None:
        self._writer = writer
        self._database = database
        self._place = _Place(table, kind)
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


@dataclass(frozen=True)
class _Place:
    table: Table
    kind: str


@dataclass(frozen=True)
class _Said:
    place: _Place
    changes: tuple[DocumentChange, ...]
    actor: str
    action: str


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
        decision = Decision(said.actor, said.action, kind, change.id, before, change.document, now)
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
