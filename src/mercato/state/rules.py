"""Merchandising rules as JSON objects, and the version by which workers see that one changed."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, delete, insert, select, update

from mercato.state.decisions import Decision, DecisionLog, write_decision
from mercato.state.tables import rules
from mercato.state.writer import Writer

KIND = "rule"
"""Under which changes stand in the log of decisions."""


class Wanted(StrEnum):
    """What must be there for a change to be made."""

    NEW = "new"
    """No rule of that id."""
    KNOWN = "known"
    """A rule of that id."""
    EITHER = "either"


@dataclass(frozen=True)
class RuleChange:
    """document : the rule from now on; None deletes it"""

    id: str
    document: Mapping[str, Any] | None
    wanted: Wanted = Wanted.EITHER


@dataclass(frozen=True)
class StoredRule:
    """created_at, updated_at : microseconds since 1970, UTC; updated_by : see `Decision`"""

    id: str
    document: Mapping[str, Any]
    created_at: int
    updated_at: int
    updated_by: str


class RuleTable:
    """Reads go to the database each time; writes go through the one writer."""

    def __init__(self, writer: Writer, reading: Engine) -> None:
        self._writer = writer
        self._reading = reading
        self._log = DecisionLog(reading)

    def version(self) -> int:
        """Rises with every change."""
        return self._log.newest(KIND)

    def all(self) -> list[StoredRule]:
        """All rules, by their id."""
        with self._reading.connect() as connection:
            return [_stored(row) for row in connection.execute(select(rules).order_by(rules.c.id))]

    def get(self, rule_id: str) -> StoredRule | None:
        with self._reading.connect() as connection:
            row = connection.execute(select(rules).where(rules.c.id == rule_id)).first()
        return None if row is None else _stored(row)

    def change(
        self, changes: Sequence[RuleChange], *, actor: str, action: str
    ) -> "Future[RuleChange | None]":
        """Make changes, all or none, each with its line in the log of decisions.

        The future resolves once they are on the disk: to None, or to the first change for which
        not what it wants was there; then nothing was written.
        """
        said = _Said(tuple(changes), actor, action)
        return self._writer.submit(_store, said, len(changes))


@dataclass(frozen=True)
class _Said:
    changes: tuple[RuleChange, ...]
    actor: str
    action: str


def _store(connection: Connection, batches: Sequence[_Said]) -> Sequence[RuleChange | None]:
    now = time.time_ns() // 1000
    return [_made(connection, batch, now) for batch in batches]


def _made(connection: Connection, said: _Said, now: int) -> RuleChange | None:
    for change in said.changes:
        known = _document(connection, change.id) is not None
        if (change.wanted is Wanted.NEW and known) or (change.wanted is Wanted.KNOWN and not known):
            return change
    for change in said.changes:
        before = _document(connection, change.id)
        _write(connection, change, said.actor, now, is_new=before is None)
        decision = Decision(said.actor, said.action, KIND, change.id, before, change.document, now)
        write_decision(connection, decision)
    return None


def _write(
    connection: Connection, change: RuleChange, actor: str, now: int, *, is_new: bool
) -> None:
    of_it = rules.c.id == change.id
    if change.document is None:
        connection.execute(delete(rules).where(of_it))
        return
    values = {
        "document": orjson.dumps(change.document).decode(),
        "updated_at": now,
        "updated_by": actor,
    }
    if is_new:
        connection.execute(insert(rules).values(id=change.id, created_at=now, **values))
    else:
        connection.execute(update(rules).where(of_it).values(**values))


def _document(connection: Connection, rule_id: str) -> Mapping[str, Any] | None:
    found = connection.execute(select(rules.c.document).where(rules.c.id == rule_id)).scalar()
    return None if found is None else orjson.loads(found)


def _stored(row: Any) -> StoredRule:
    document = orjson.loads(row.document)
    return StoredRule(row.id, document, row.created_at, row.updated_at, row.updated_by)
