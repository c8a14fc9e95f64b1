"""Which user stands behind a visitor: the one they were last seen with, by the events' times."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select, union

from mercato.core.events import EventRow
from mercato.state import sqlite
from mercato.state.tables import links

_row = sqlite.insert(links)
_upsert = _row.on_conflict_do_update(
    index_elements=[links.c.visitor_id],
    set_={"user_id": _row.excluded.user_id, "ts": _row.excluded.ts},
    where=_row.excluded.ts >= links.c.ts,
)
_user_of = select(links.c.user_id).where(links.c.visitor_id == bindparam("visitor"))


def store(connection: Connection, rows: Sequence[EventRow]) -> None:
    """Remember each visitor's user where a line carries both."""
    newest: dict[str, tuple[int, str]] = {}
    for row in rows:
        visitor, user = row.visitor_id, row.user_id
        if visitor is not None and user is not None:
            known = newest.get(visitor)
            if known is None or row.ts >= known[0]:
                newest[visitor] = row.ts, user
    if newest:
        parameters = [
            {"visitor_id": visitor, "user_id": user, "ts": ts}
            for visitor, (ts, user) in newest.items()
        ]
        connection.execute(_upsert, parameters)


def user_of(connection: Connection, visitor_id: str) -> str | None:
    """The user whom a visitor was last seen with."""
    return connection.execute(_user_of, {"visitor": visitor_id}).scalar()


def visitors_and(visitor: BindParameter[str]) -> Any:
    """A selection of the visitors last seen with ``:user``, and ``visitor``."""
    theirs = select(links.c.visitor_id).where(links.c.user_id == bindparam("user"))
    return union(theirs, select(visitor))
