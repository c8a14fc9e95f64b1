"""Which processes answer, on all hosts, and from which release: each says so now and then."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future

from sqlalchemy import Connection, delete, func, select

from mercato.state.databases.database import Database
from mercato.state.tables import processes
from mercato.state.writer import Writer

LIVING_MICROSECONDS = 20_000_000
"""A process that has said nothing for so long is no more. Clocks of hosts may differ by less."""


class ProcessTable:
    """Reads go to the database each time; writes go through the one writer."""

    def __init__(self, writer: Writer, database: Database) -> None:
        self._writer = writer
        self._database = database
        self._name = uuid.uuid4().hex

    def note(self, now: int, release: int) -> "Future[None]":
        """Say that this process answers from ``release``; nobody has to wait for it.

        now : microseconds since 1970 UTC
        """
        return self._writer.submit(self._store, (now, release), 0, waited_for=False)

    def leave(self) -> "Future[None]":
        """Say that this process answers no more; as `note`."""
        return self._writer.submit(self._forget, None, 0, waited_for=False)

    def living(self, now: int) -> Mapping[int, int]:
        """Release → processes that answer from it."""
        wanted = (
            select(processes.c.release, func.count())
            .where(processes.c.ts > now - LIVING_MICROSECONDS)
            .group_by(processes.c.release)
        )
        with self._database.read() as connection:
            found = connection.execute(wanted).all()
        return Counter({int(release): int(count) for release, count in found})

    def _forget(self, connection: Connection, asked: Sequence[None]) -> Sequence[None]:
        connection.execute(delete(processes).where(processes.c.process == self._name))
        return asked

    def _store(self, connection: Connection, notes: Sequence[tuple[int, int]]) -> Sequence[None]:
        now, release = notes[-1]
        connection.execute(delete(processes).where(processes.c.ts < now - LIVING_MICROSECONDS))
        fresh = self._database.insert(processes).values(process=self._name, ts=now, release=release)
        connection.execute(
            fresh.on_conflict_do_update(
                index_elements=[processes.c.process],
                set_={"ts": fresh.excluded.ts, "release": fresh.excluded.release},
            )
        )
        return [None] * len(notes)
