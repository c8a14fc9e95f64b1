"""SQLite as the state's database: the one file that knows it is SQLite.

Write-ahead log, so that reads never wait for a write; synchronous=FULL, so that a commit has
reached the disk before it returns (https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

import fcntl
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from sqlalchemy import URL, ColumnElement, Connection, Table, create_engine, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError

from mercato.state.databases.database import Database, Many, Settle, Trouble

BUSY_MILLISECONDS = 5_000
"""So long a statement waits for another process's commit before it is tried again."""

_TURN = "-turn"
"""Ending of the file whose lock says whose turn it is."""

PRAGMAS: dict[str, int | str] = {
    "busy_timeout": BUSY_MILLISECONDS,
    "page_size": 2_048,
    "journal_mode": "wal",
    "synchronous": 2,
    "cache_size": -4_096,
    "wal_autocheckpoint": 16_000,
    "secure_delete": 1,
}
"""Set on every connection. 2 is FULL; the cache is 4 MiB; what is deleted becomes zeros.

Events come to random places of their indexes, and each page that a commit touches is written
whole: small pages, and a log that goes into the database only every 16,000 pages, in which many
commits' pages are one (measured: 1.5 times the rows a second of SQLite's 4 KiB and 1,000). The
page size is that of a database from its beginning.
"""

WRITER_CACHE: dict[str, int | str] = {"cache_size": -32_768}
READER_MAP: dict[str, int | str] = {"mmap_size": 268_435_456}
"""Readers see 256 MiB of the database in memory, without a call for each page."""

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY)


@dataclass(frozen=True)
class Sqlite(Database):
    """See `Database`; one file, and a second one whose lock says whose turn it is."""

    is_remote: ClassVar[bool] = False
    begin_snapshot: ClassVar[str] = "BEGIN"

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until it is this process's turn to write, or has been another's for too long.

        SQLite by itself asks for its lock again after up to 100 ms; here it is asked for every
        millisecond (measured, events from two workers on a busy machine: the worst p99 of a batch
        0.22 s, against 0.47 s). SQLite's lock still decides.
        """
        deadline = time.monotonic() + BUSY_MILLISECONDS / 1_000
        with Path(f"{self.place}{_TURN}").open("wb") as file:
            while not _locked(file) and time.monotonic() < deadline:
                time.sleep(0.001)
            yield

    @contextmanager
    def alone(self, work: str) -> Iterator[bool]:
        with Path(f"{self.place}-{work}").open("wb") as file:
            yield _locked(file)

    def insert(self, table: Table) -> Any:
        return insert(table)

    def many(self, table: Table, names: Sequence[str], settle: Settle) -> Many:
        wanted = settle(insert(table)).compile(dialect=self.writing.dialect, column_keys=names)
        statement = str(wanted)

        def store(connection: Connection, rows: Sequence[Sequence[Any]]) -> int:
            return connection.exec_driver_sql(statement, rows).rowcount

        return store

    def among(self, column: ColumnElement[Any], selection: Any) -> ColumnElement[bool]:
        return column.in_(selection)

    def trouble(self, error: DBAPIError) -> Trouble:
        # The primary result code is the low byte of the extended one.
        code = int(getattr(error.orig, "sqlite_errorcode", 0)) & 0xFF
        if code in _BUSY:
            return Trouble.BUSY
        return Trouble.FULL if code in _FULL else Trouble.OTHER

    def forget(self) -> bool:
        """What is deleted is zeros in the write-ahead log's newest pages; older ones hold it until
        the log has gone into the database."""
        with self.reading.connect() as connection:
            busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar()
        return busy == 0

    def given(self, connection: Connection, table: Table) -> int:
        told = "SELECT seq FROM sqlite_sequence WHERE name = ?"
        return connection.exec_driver_sql(told, (table.name,)).scalar() or 0

    def give_on(self, connection: Connection, table: Table, given: int) -> None:
        raised = "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?"
        if not connection.exec_driver_sql(raised, (given, table.name)).rowcount:
            made = "INSERT INTO sqlite_sequence (seq, name) VALUES (?, ?)"
            connection.exec_driver_sql(made, (given, table.name))


def open_sqlite(url: URL, root: Path) -> Sqlite:
    """A file; a relative path is taken from ``root``.

    A transaction of the writing engine takes the write lock as it begins, so that it cannot fail
    half-way for another process's write.
    """
    place = str(root / str(url.database))
    url = url.set(database=place)
    # Connections are handed from thread to thread, never used by two at once.
    arguments = {"check_same_thread": False, "isolation_level": None}
    writing = create_engine(url, connect_args=arguments, pool_size=2, hide_parameters=True)
    reading = create_engine(
        url, connect_args=arguments, pool_size=8, max_overflow=64, hide_parameters=True
    )
    event.listen(writing, "connect", _setting(PRAGMAS | WRITER_CACHE))
    event.listen(reading, "connect", _setting(PRAGMAS | READER_MAP))
    event.listen(writing, "begin", _begin_immediate)
    return Sqlite(writing, reading, place)


def _setting(pragmas: Mapping[str, int | str]) -> Callable[[sqlite3.Connection, Any], None]:
    def on_connect(connection: sqlite3.Connection, _record: Any) -> None:
        for name, value in pragmas.items():
            connection.execute(f"PRAGMA {name}={value}")

    return on_connect


def _begin_immediate(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _locked(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
