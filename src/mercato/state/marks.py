"""Whether a commit was made whose connection broke on the way.

Each writing transaction also notes its number under the writer's name. The next one of the same
writer begins when the lost one is over, since only one at a time has the write lock: if the number
stands there the commit was made, else it never will be. What a server that was promoted in its
place does not know is not there either, and is written again. (An xid would say the same of one
server, but a promoted one may give it to another transaction.)
"""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select

from mercato.state.databases.database import Database
from mercato.state.tables import writers

KEPT_MICROSECONDS = 7 * 86_400_000_000
"""So long the mark of a process stays that writes no more."""


@dataclass
class Attempt:
    """One group of writes, tried until its fate is known.

    number  : counts the groups of a writer
    results : of the last try that came as far as its commit; None where none did
    """

    number: int
    results: Sequence[Any] | None = None


class Marks:
    """Of one writer. Where no connection can break, nothing is noted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = uuid.uuid4().hex
        self._number = 0

    def attempt(self) -> Attempt:
        self._number += 1
        return Attempt(self._number)

    def stands(self, connection: Connection, attempt: Attempt) -> bool:
        """Whether an earlier try of it was committed."""
        if attempt.results is None:
            return False
        noted = select(writers.c.commit).where(writers.c.writer == self._writer)
        return connection.execute(noted).scalar() == attempt.number

    def note(self, connection: Connection, attempt: Attempt) -> None:
        """Say within its transaction that an attempt is being committed."""
        if not self._database.is_remote:
            return
        now = time.time_ns() // 1000
        if attempt.number == 1:
            connection.execute(delete(writers).where(writers.c.ts < now - KEPT_MICROSECONDS))
        fresh = self._database.insert(writers).values(
            writer=self._writer, commit=attempt.number, ts=now
        )
        known = fresh.on_conflict_do_update(
            index_elements=[writers.c.writer],
            set_={"commit": fresh.excluded.commit, "ts": fresh.excluded.ts},
        )
        connection.execute(known)
