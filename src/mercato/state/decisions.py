"""The log of who changed how the shop is run: what it was before, and what it is since.

Whatever keeps such settings writes its line in the same transaction, so that no change is without
one, and the newest line of a kind is the version of all settings of that kind.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, func, insert, select

from mercato.state.databases.database import Database
from mercato.state.seals import seal
from mercato.state.tables import decisions

_AT_ONCE = 1_000
_SEQ = decisions.c.seq


@dataclass(frozen=True)
class Decision:
    """One change of one setting.

    actor  : who it was: ``user@host`` at the command line, the address of an HTTP client
    action : the command or the route
    kind   : of what, as ``rule``
    key    : which of them
    before, after : JSON objects; None where there was, or is, nothing
    ts     : microseconds since 1970, UTC
    """

    actor: str
    action: str
    kind: str
    key: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    ts: int = 0


class DecisionLog:
    """Only ever added to. Reads go to the database each time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, kind: str) -> int:
        """The ``seq`` of the newest change of a kind; 0 before the first."""
        with self._database.read() as connection:
            return newest_decision(connection, kind)

    def add(self, decision: Decision) -> None:
        """Put down a change of what is kept elsewhere than in the state, durably."""
        with self._database.write() as connection:
            write_decision(connection, decision)

    def since(self, ts: int = 0) -> Iterator[Decision]:
        """The changes at or after ``ts``, oldest first."""
        wanted = select(decisions).where(decisions.c.ts >= ts).order_by(_SEQ).limit(_AT_ONCE)
        last = 0
        while True:
            with self._database.read() as connection:
                found = connection.execute(wanted.where(last < _SEQ)).all()
            for row in found:
                read = {name: getattr(row, name) for name in Decision.__dataclass_fields__}
                yield Decision(
                    **read | {"before": _object(row.before), "after": _object(row.after)}
                )
            if len(found) < _AT_ONCE:
                return
            last = found[-1].seq


def newest_decision(connection: Connection, kind: str) -> int:
    """As `DecisionLog.newest`, within a transaction."""
    wanted = select(func.max(_SEQ)).where(decisions.c.kind == kind)
    return connection.execute(wanted).scalar() or 0


def write_decision(connection: Connection, decision: Decision) -> int:
    """Add a line within a transaction of whoever makes the change; its ``seq``."""
    row = {name: getattr(decision, name) for name in Decision.__dataclass_fields__}
    row |= {"before": _text(decision.before), "after": _text(decision.after)}
    key = connection.execute(insert(decisions), row).inserted_primary_key
    assert key is not None
    seq = int(key[0])
    seal(connection, decisions.name, [row | {"seq": seq}])
    return seq


def _text(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _object(text: str | None) -> dict[str, Any] | None:
    return None if text is None else orjson.loads(text)
