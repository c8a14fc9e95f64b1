"""How releases answered: a row a process and release, whose sums only grow.

A process writes what it has counted so far, so writing the same twice changes nothing.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import astuple, dataclass, fields

from sqlalchemy import Connection, delete, func, select

from mercato.state.databases.database import Database
from mercato.state.tables import served
from mercato.state.writer import Writer


@dataclass(frozen=True)
class Served:
    """answers, errors : how often a release was asked, and how often it failed
    log_ms, log_ms_squared : sums of the natural logarithm of milliseconds, and of its square
    """

    answers: int = 0
    errors: int = 0
    log_ms: float = 0.0
    log_ms_squared: float = 0.0

    def __add__(self, other: "Served") -> "Served":
        return Served(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __sub__(self, other: "Served") -> "Served":
        return Served(*(a - b for a, b in zip(astuple(self), astuple(other), strict=True)))


_NAMES = tuple(each.name for each in fields(Served))


class ServedLog:
    """Reads go to the database each time; writes go through the one writer."""

    def __init__(self, writer: Writer, database: Database) -> None:
        self._writer = writer
        self._database = database
        self._name = uuid.uuid4().hex

    def write(self, counted: Mapping[int, Served]) -> "Future[None]":
        """Put down what this process counted so far, release → sums; nobody has to wait for it."""
        return self._writer.submit(self._store, dict(counted), len(counted), waited_for=False)

    def all(self) -> dict[int, Served]:
        """Release → sums over all processes."""
        sums = [func.sum(served.c[name]) for name in _NAMES]
        wanted = select(served.c.release, *sums).group_by(served.c.release)
        with self._database.read() as connection:
            found = connection.execute(wanted).all()
        return {
            int(release): Served(int(answers), int(errors), float(logs), float(squares))
            for release, answers, errors, logs, squares in found
        }

    def keep(self, releases: Collection[int]) -> None:
        """Forget all other releases."""
        with self._database.write() as connection:
            connection.execute(delete(served).where(served.c.release.not_in(list(releases))))

    def _store(
        self, connection: Connection, batches: Sequence[Mapping[int, Served]]
    ) -> Sequence[None]:
        for release, sums in batches[-1].items():
            values = dict(zip(_NAMES, astuple(sums), strict=True))
            fresh = self._database.insert(served).values(
                writer=self._name, release=release, **values
            )
            connection.execute(
                fresh.on_conflict_do_update(
                    index_elements=[served.c.writer, served.c.release],
                    set_={name: fresh.excluded[name] for name in _NAMES},
                )
            )
        return [None] * len(batches)
