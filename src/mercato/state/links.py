"""Which user stands behind a visitor: the one they were last seen with, by the events' times."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, select, union

from mercato.core.events import EventRow
from mercato.state.databases.database import Database, Many
from mercato.state.pruning import PRUNED_AT_ONCE
from mercato.state.tables import links

MOST_VISITORS = 20
"""Devices of one user that a release's histories are looked at for."""

_USERS_AT_ONCE = 500
"""In one question to the database."""

_visitors_of = (
    select(links.c.visitor_id)
    .where(links.c.user_id == bindparam("user"))
    .order_by(links.c.ts.desc(), links.c.visitor_id)
    .limit(MOST_VISITORS)
)
_user_of = select(links.c.user_id).where(links.c.visitor_id == bindparam("visitor"))


def upsert(database: Database) -> Many:
    """What `store` writes with, compiled once."""
    return database.many(links, [column.name for column in links.c], _newest_stays)


def _newest_stays(fresh: Any) -> Any:
    return fresh.on_conflict_do_update(
        index_elements=[links.c.visitor_id],
        set_={"user_id": fresh.excluded.user_id, "ts": fresh.excluded.ts},
        where=fresh.excluded.ts >= links.c.ts,
    )


def store(connection: Connection, upsert_many: Many, rows: Iterable[EventRow]) -> None:
    """Remember each visitor's user where a line carries both."""
    newest: dict[str, tuple[str, int]] = {}
    for row in rows:
        visitor, user = row.visitor_id, row.user_id
        if visitor is not None and user is not None:
            known = newest.get(visitor)
            if known is None or row.ts >= known[1]:
                newest[visitor] = user, row.ts
    if newest:
        found = [(visitor, user, ts) for visitor, (user, ts) in newest.items()]
        upsert_many(connection, found)


def prune(database: Database, before: int) -> int:
    """Forget what was last seen before ``before``, some at a time; how many visitors."""
    old = select(links.c.visitor_id).where(links.c.ts < before)
    gone = 0
    with database.read() as connection:
        visitors = list(connection.execute(old).scalars())
    for start in range(0, len(visitors), PRUNED_AT_ONCE):
        part = visitors[start : start + PRUNED_AT_ONCE]
        # Whoever was seen meanwhile stays.
        theirs = delete(links).where(links.c.visitor_id.in_(part), links.c.ts < before)
        with database.write() as connection:
            gone += connection.execute(theirs).rowcount
    return gone


def user_of(connection: Connection, visitor_id: str) -> str | None:
    """The user whom a visitor was last seen with."""
    return connection.execute(_user_of, {"visitor": visitor_id}).scalar()


def visitors_of(connection: Connection, user_id: str) -> list[str]:
    """The visitors last seen with a user, the newest first, at most `MOST_VISITORS`."""
    return list(connection.execute(_visitors_of, {"user": user_id}).scalars())


def visitors_of_all(connection: Connection, users: Sequence[str]) -> set[str]:
    """The visitors last seen with any of these users."""
    found: set[str] = set()
    for start in range(0, len(users), _USERS_AT_ONCE):
        part = users[start : start + _USERS_AT_ONCE]
        theirs = select(links.c.visitor_id).where(links.c.user_id.in_(part))
        found.update(connection.execute(theirs).scalars())
    return found


def visitors_and(visitor: BindParameter[str]) -> Any:
    """A selection of the visitors last seen with ``:user``, and ``visitor``."""
    theirs = select(links.c.visitor_id).where(links.c.user_id == bindparam("user"))
    return union(theirs, select(visitor))
