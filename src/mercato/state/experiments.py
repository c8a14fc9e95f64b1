"""Experiments, and what each came to when it was last looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Select, func, select

from mercato.state.databases.database import Database
from mercato.state.documents import DocumentTable
from mercato.state.tables import experiments, readings
from mercato.state.writer import Writer

KIND = "experiment"
"""Under which changes stand in the log of decisions."""


class ExperimentTable(DocumentTable):
    """See `DocumentTable`."""

    def __init__(self, writer: Writer, database: Database) -> None:
        super().__init__(writer, database, experiments, KIND)


@dataclass(frozen=True)
class StoredReading:
    """ts : when it was looked, microseconds since 1970 UTC; reading : a JSON object"""

    experiment: str
    ts: int
    reading: Mapping[str, Any]


class ReadingTable:
    """The last look at each experiment; no decisions, so that they are in no log.

    Reads and writes go to the database each time.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self) -> int:
        """When any experiment was last looked at; 0 before the first look."""
        with self._database.read() as connection:
            return connection.execute(select(func.max(readings.c.ts))).scalar() or 0

    def version(self) -> int:
        """Changes with each look, also where several are of one moment."""
        with self._database.read() as connection:
            return int(connection.execute(select(func.sum(readings.c.ts))).scalar() or 0)

    def get(self, experiment: str) -> StoredReading | None:
        found = self._read(select(readings).where(readings.c.experiment == experiment))
        return found[0] if found else None

    def all(self) -> list[StoredReading]:
        """By the experiment's name."""
        return self._read(select(readings).order_by(readings.c.experiment))

    def put(self, reading: StoredReading) -> None:
        """Replace the last one of the experiment, unless that is newer."""
        fresh = self._database.insert(readings).values(
            experiment=reading.experiment,
            ts=reading.ts,
            reading=orjson.dumps(reading.reading).decode(),
        )
        with self._database.write() as connection:
            connection.execute(
                fresh.on_conflict_do_update(
                    index_elements=[readings.c.experiment],
                    set_={"ts": fresh.excluded.ts, "reading": fresh.excluded.reading},
                    where=fresh.excluded.ts >= readings.c.ts,
                )
            )

    def _read(self, wanted: Select[Any]) -> list[StoredReading]:
        with self._database.read() as connection:
            rows = connection.execute(wanted).all()
        return [StoredReading(row.experiment, row.ts, orjson.loads(row.reading)) for row in rows]
