"""Whose newest word is that they do not want to be known: users, and visitors, each by themselves.

Only who ever denied stands here: a grant lifts what was denied before it and is else no news.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from sqlalchemy import Connection, select

from mercato.state.databases.database import Database
from mercato.state.events import GUEST
from mercato.state.tables import consents, links
from mercato.state.writer import Writer

_AT_ONCE = 500
"""Names in one statement; databases bound how many they take."""

Who = tuple[str | None, str | None]
"""A user and a visitor, as a line of a log names them."""


@dataclass(frozen=True)
class Word:
    """What somebody said of personalisation.

    shopper : a user's id, or ``visitor:`` and a visitor's
    ts      : microseconds since 1970, UTC
    """

    shopper: str
    ts: int
    denied: bool


class ConsentTable:
    """Reads go to the database each time; writes go through the one writer."""

    def __init__(self, writer: Writer, database: Database) -> None:
        self._writer = writer
        self._database = database
        fresh = database.insert(consents)
        self._upsert = fresh.on_conflict_do_update(
            index_elements=[consents.c.shopper],
            set_={"ts": fresh.excluded.ts, "denied": fresh.excluded.denied},
            where=fresh.excluded.ts >= consents.c.ts,
        )

    def note(self, words: Sequence[Word]) -> "Future[None]":
        """Remember the newest words by their own times; the future resolves once they are on the
        disk."""
        return self._writer.submit(self._store, words, len(words))

    def denied(self) -> list[str]:
        """The names of all whose newest word is a denial, in their order."""
        with self._database.read() as connection:
            return denied_in(connection)

    def _store(self, connection: Connection, batches: Sequence[Sequence[Word]]) -> Sequence[None]:
        newest: dict[str, Word] = {}
        for word in (word for batch in batches for word in batch):
            before = newest.get(word.shopper)
            if before is None or word.ts >= before.ts:
                newest[word.shopper] = word
        lifted = _among(connection, [name for name, word in newest.items() if not word.denied])
        rows = [
            {"shopper": name, "ts": word.ts, "denied": int(word.denied)}
            for name, word in newest.items()
            if word.denied or name in lifted
        ]
        if rows:
            connection.execute(self._upsert, rows)
        return [None] * len(batches)


def denied_in(connection: Connection) -> list[str]:
    """As `ConsentTable.denied`, over a connection."""
    wanted = select(consents.c.shopper).where(consents.c.denied == 1).order_by(consents.c.shopper)
    return list(connection.execute(wanted).scalars())


def unwilling(connection: Connection, seen: Collection[Who]) -> frozenset[Who]:
    """Those of a log's lines that are of somebody whose newest word is a denial: of the user, of
    the visitor, or of the user whom a visitor without one was last seen with."""
    anybody = select(consents.c.shopper).where(consents.c.denied == 1).limit(1)
    if connection.execute(anybody).first() is None:
        return frozenset()
    behind = _users_of(connection, [v for u, v in seen if u is None and v is not None])
    names = {who: _names(who, behind) for who in seen}
    denied = _among(connection, {name for each in names.values() for name in each}, denied=True)
    return frozenset(who for who in names if not denied.isdisjoint(names[who]))


def _names(who: Who, behind: Mapping[str, str]) -> tuple[str, ...]:
    user, visitor = who
    if visitor is None:
        return (user,) if user is not None else ()
    user = user or behind.get(visitor)
    return (GUEST + visitor,) if user is None else (user, GUEST + visitor)


def _among(connection: Connection, names: Iterable[str], *, denied: bool = False) -> set[str]:
    """Which of these stand in the table; only those that are ``denied``, if asked for."""
    found: set[str] = set()
    for part in _parts(sorted(names)):
        wanted = select(consents.c.shopper).where(consents.c.shopper.in_(part))
        if denied:
            wanted = wanted.where(consents.c.denied == 1)
        found |= set(connection.execute(wanted).scalars())
    return found


def _users_of(connection: Connection, visitors: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in _parts(sorted(set(visitors))):
        wanted = select(links.c.visitor_id, links.c.user_id).where(links.c.visitor_id.in_(part))
        found |= {row.visitor_id: row.user_id for row in connection.execute(wanted)}
    return found


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for at in range(0, len(names), _AT_ONCE):
        yield names[at : at + _AT_ONCE]
