"""The log of who was erased: what of them went at once, and how far the rest has come.

A person stands here under pseudonyms alone. They stay for good: what comes of them again from an
old log or a late line is known by them.
"""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, insert, select
from sqlalchemy import update as update_

from mercato.state.databases.database import Database
from mercato.state.decisions import Decision, write_decision
from mercato.state.events import GUEST
from mercato.state.tables import answers, consents, erasures, events, links
from mercato.state.writer import Writer

KIND = "erasure"
"""Of its line in the log of decisions."""

_AT_ONCE = 500
"""Ids in one statement; databases bound how many they take."""

_SEQ = erasures.c.seq

Seen = tuple[str | None, str | None, str | None]
"""User, visitor and session of one line."""

_LOGS: Mapping[str, Table] = {"events": events, "answers": answers}
_WHO = ("user_id", "visitor_id", "session_id")


@dataclass(frozen=True)
class Erased:
    """Whom to erase: a user, and what only they were ever seen with; ids as they are sent."""

    user: str | None
    visitors: Collection[str]
    sessions: Collection[str]


@dataclass(frozen=True)
class Order:
    """An erasure as it is asked for.

    subject : pseudonym of the shopper
    persons : ``user_id``, ``visitor_id``, ``session_id`` → pseudonyms
    at_once : whether old versions go without waiting for their retention
    """

    actor: str
    action: str
    subject: str
    persons: Mapping[str, tuple[str, ...]]
    erased: Erased
    at_once: bool = False


@dataclass(frozen=True)
class Erasure:
    """One erasure; ``ts`` and ``done_at`` are microseconds since 1970, UTC.

    told : how far it has come and what was found where, a JSON object
    """

    number: int
    ts: int
    actor: str
    action: str
    subject: str
    persons: Mapping[str, tuple[str, ...]]
    at_once: bool
    told: Mapping[str, Any] = field(default_factory=dict)
    done_at: int | None = None


class ErasureLog:
    """Reads go to the database each time; an erasure goes through the one writer."""

    def __init__(self, writer: Writer, database: Database) -> None:
        self._writer = writer
        self._database = database

    def forget(self) -> bool:
        """Let nothing of deleted lines stay in the database's own files, as far as that can be
        had; False where somebody reads meanwhile, and it is to be tried again."""
        return self._database.forget()

    def newest(self) -> int:
        """The number of the newest erasure; 0 before the first."""
        with self._database.read() as connection:
            return connection.execute(select(func.max(_SEQ))).scalar() or 0

    def all(self) -> tuple[Erasure, ...]:
        """All erasures, the oldest first."""
        with self._database.read() as connection:
            found = connection.execute(select(erasures).order_by(_SEQ)).all()
        return tuple(map(_erasure, found))

    def find(self, number: int) -> Erasure | None:
        with self._database.read() as connection:
            found = connection.execute(select(erasures).where(_SEQ == number)).first()
        return None if found is None else _erasure(found)

    def ask(self, order: Order) -> "Future[int]":
        """Delete a person's events, links and answers and write the erasure, in one transaction.

        The future resolves to the erasure's number once all of it is on the disk.
        """
        return self._writer.submit(_store, order, 1)

    def tell(self, number: int, told: Mapping[str, Any], done_at: int | None) -> None:
        """Remember, durably, how far an erasure has come."""
        said = {"told": orjson.dumps(dict(told)).decode(), "done_at": done_at}
        with self._database.write() as connection:
            connection.execute(update_(erasures).where(_SEQ == number).values(**said))

    def seen(self, after: Mapping[str, int] | None = None) -> Iterator[tuple[str, int, int, Seen]]:
        """(table, seq, ts, who) of lines of events and of answers that name anybody, after these
        ``seq`` of the two (default: all)."""
        for name, table in _LOGS.items():
            last = (after or {}).get(name, 0)
            wanted = select(table.c.seq, table.c.ts, *(table.c[name] for name in _WHO))
            wanted = wanted.order_by(table.c.seq).limit(10_000)
            while True:
                with self._database.read() as connection:
                    found = connection.execute(wanted.where(table.c.seq > last)).all()
                for row in found:
                    yield name, row.seq, row.ts, (row[2], row[3], row[4])
                if not found:
                    break
                last = found[-1].seq

    def linked(self) -> list[tuple[str, str]]:
        """(visitor, user) of all that were joined."""
        with self._database.read() as connection:
            found = connection.execute(select(links.c.visitor_id, links.c.user_id))
            return [(row.visitor_id, row.user_id) for row in found]

    def remove(self, table: str, seqs: Sequence[int]) -> None:
        """Delete lines out of `seen`."""
        of = _LOGS[table]
        for ids in _parts(seqs):
            with self._database.write() as connection:
                connection.execute(delete(of).where(of.c.seq.in_(ids)))

    def unlink(self, visitors: Sequence[str]) -> None:
        """Forget whom these visitors belong to."""
        for ids in _parts(visitors):
            with self._database.write() as connection:
                connection.execute(delete(links).where(links.c.visitor_id.in_(ids)))


def _store(connection: Connection, orders: Sequence[Order]) -> Sequence[int]:
    return [_made(connection, order) for order in orders]


def _made(connection: Connection, order: Order) -> int:
    now = time.time_ns() // 1000
    gone = {name: _delete_lines(connection, table, order.erased) for name, table in _LOGS.items()}
    gone["links"] = _delete_links(connection, order.erased)
    gone["consents"] = _delete_words(connection, order.erased)
    told = {"state": gone}
    row = {
        "ts": now,
        "actor": order.actor,
        "action": order.action,
        "subject": order.subject,
        "persons": orjson.dumps(order.persons).decode(),
        "at_once": int(order.at_once),
        "told": orjson.dumps(told).decode(),
    }
    key = connection.execute(insert(erasures), row).inserted_primary_key
    assert key is not None
    number = int(key[0])
    after = {"subject": order.subject, **gone}
    write_decision(
        connection, Decision(order.actor, order.action, KIND, str(number), None, after, now)
    )
    return number


def _delete_lines(connection: Connection, table: Table, erased: Erased) -> int:
    user, visitor, session = (table.c[name] for name in _WHO)
    gone = 0
    if erased.user is not None:
        gone += connection.execute(delete(table).where(user == erased.user)).rowcount
    for ids in _parts(sorted(erased.visitors)):
        theirs: ColumnElement[bool] = and_(user.is_(None), visitor.in_(ids))
        gone += connection.execute(delete(table).where(theirs)).rowcount
    for ids in _parts(sorted(erased.sessions)):
        theirs = and_(user.is_(None), visitor.is_(None), session.in_(ids))
        gone += connection.execute(delete(table).where(theirs)).rowcount
    return gone


def _delete_links(connection: Connection, erased: Erased) -> int:
    gone = 0
    if erased.user is not None:
        gone = connection.execute(delete(links).where(links.c.user_id == erased.user)).rowcount
    for ids in _parts(sorted(erased.visitors)):
        theirs = links.c.visitor_id.in_(ids)
        gone += connection.execute(delete(links).where(theirs)).rowcount
    return gone


def _delete_words(connection: Connection, erased: Erased) -> int:
    names = [GUEST + visitor for visitor in sorted(erased.visitors)]
    names += [erased.user] if erased.user is not None else []
    gone = 0
    for part in _parts(names):
        gone += connection.execute(delete(consents).where(consents.c.shopper.in_(part))).rowcount
    return gone


def _parts(ids: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for at in range(0, len(ids), _AT_ONCE):
        yield ids[at : at + _AT_ONCE]


def _erasure(row: Any) -> Erasure:
    persons = {name: tuple(found) for name, found in orjson.loads(row.persons).items()}
    told = orjson.loads(row.told)
    return Erasure(
        row.seq,
        row.ts,
        row.actor,
        row.action,
        row.subject,
        persons,
        bool(row.at_once),
        told,
        row.done_at,
    )
