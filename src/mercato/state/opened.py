"""Open the state of a shop."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import func, insert, inspect, select, update
from sqlalchemy.exc import DBAPIError

from mercato.core.errors import NotReady
from mercato.state.answers import AnswerLog
from mercato.state.audit import AuditLog
from mercato.state.consents import ConsentTable, denied_in
from mercato.state.databases.choosing import open_database, read_url
from mercato.state.databases.database import Database
from mercato.state.decisions import DecisionLog
from mercato.state.erasures import ErasureLog
from mercato.state.events import EventLog
from mercato.state.experiments import ExperimentTable, ReadingTable
from mercato.state.fetches import FetchLog
from mercato.state.heads import note_heads
from mercato.state.items import ItemLog
from mercato.state.keys import KeyTable
from mercato.state.migrations import migrate
from mercato.state.people import PersonTable, SessionTable
from mercato.state.processes import ProcessTable
from mercato.state.rounds import RoundTable
from mercato.state.rules import RuleTable
from mercato.state.seals import Verified, verify
from mercato.state.served import ServedLog
from mercato.state.synonyms import SynonymTable
from mercato.state.tables import consents, meta, metadata
from mercato.state.writer import Writer

MOST_WAITING = 20_000
"""Rows that may wait to be written: about a second's work (measured: 20 µs to 50 µs a row)."""


class State:
    """The logs of a shop. One per process; safe to share by threads; other processes may hold
    their own on the same database.
    """

    def __init__(self, database: Database, writer: Writer) -> None:
        self.events = EventLog(writer, database)
        self.answers = AnswerLog(writer, database)
        self.consents = ConsentTable(writer, database)
        self.items = ItemLog(writer, database)
        self.audit = AuditLog(writer, database)
        self.fetches = FetchLog(database)
        self.decisions = DecisionLog(database)
        self.rules = RuleTable(writer, database)
        self.synonyms = SynonymTable(writer, database)
        self.keys = KeyTable(writer, database)
        self.people = PersonTable(writer, database)
        self.sessions = SessionTable(database)
        self.experiments = ExperimentTable(writer, database)
        self.readings = ReadingTable(database)
        self.rounds = RoundTable(writer, database)
        self.served = ServedLog(writer, database)
        self.processes = ProcessTable(writer, database)
        self.erasures = ErasureLog(writer, database)
        self.writer = writer
        self.database = database

    @classmethod
    def open(cls, url: str, root: Path, *, most_waiting: int = MOST_WAITING) -> "State":
        """Open or make the state.

        url  : SQLAlchemy URL; a relative SQLite path is taken from ``root``

        Raises BadInput for an URL of another database, NotReady where the database cannot be
        opened or written, lacks its driver, or was made by a newer Mercato.
        """
        database = open_database(read_url(url), root)
        with ExitStack() as undo:
            undo.callback(database.close)
            try:
                migrate(database)
            except DBAPIError as error:
                raise NotReady(
                    f"a database that can be written at {database.place}",
                    str(error.orig),
                    "See that its folder exists, has room and is yours.",
                ) from error
            undo.pop_all()
        return cls(database, Writer(database, most_waiting))

    def alone(self, work: str) -> AbstractContextManager[bool]:
        """Whether nobody else does this work of the shop; see `Database.alone`."""
        return self.database.alone(work)

    def get(self, key: str) -> str | None:
        """A value of the small facts about the state."""
        with self.database.read() as connection:
            return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()

    def set(self, key: str, value: str) -> None:
        """Remember a small fact, durably."""
        with self.database.write() as connection:
            known = connection.execute(
                update(meta).where(meta.c.key == key).values(value=value)
            ).rowcount
            if not known:
                connection.execute(insert(meta).values(key=key, value=value))

    def secret(self, name: str) -> bytes:
        """A secret of this shop's own, 256 bits: made at the first call, the same ever after."""
        key = f"secret-{name}"
        fresh = self.database.insert(meta).on_conflict_do_nothing()
        if (known := self.get(key)) is None:
            with self.database.write() as connection:
                connection.execute(fresh.values(key=key, value=secrets.token_hex(32)))
            known = self.get(key)
        return bytes.fromhex(str(known))

    def verify(
        self, log: str, noted: str | None = None, heads: Mapping[int, str] | None = None
    ) -> Verified:
        """Whether a log out of `seals.SEALED` is as it was written; see `seals.verify`."""
        return verify(self.database, log, noted, heads)

    def note_heads(self, folder: Path) -> None:
        """Note the newest seals outside of the database; see `heads.note_heads`."""
        note_heads(self.database, folder)

    def number_on(self, log: str, above: int) -> None:
        """Let the next row of a log have a number above ``above``."""
        table = metadata.tables[log]
        with self.database.read() as connection:
            given = self.database.given(connection, table)
        if given < above:
            with self.database.write() as connection:
                self.database.give_on(connection, table, above)

    def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        with self.database.snapshot() as connection:
            return {
                str(table.name): connection.execute(
                    select(func.count()).select_from(table)
                ).scalar_one()
                for table in metadata.sorted_tables
            }

    def close(self) -> None:
        """Commit what waits and let go of the database."""
        self.answers.close()
        self.writer.close()
        self.answers.give_up()
        self.database.close()


@contextmanager
def alone(url: str, root: Path, work: str) -> Iterator[bool]:
    """As `State.alone`, for a process that has not opened the state. Raises as that does."""
    database = open_database(read_url(url), root)
    try:
        with database.alone(work) as ours:
            yield ours
    finally:
        database.close()


def denied(url: str, root: Path) -> list[str]:
    """As `ConsentTable.denied`, for a process that has not opened the state; nobody where there is
    no state yet. Raises as `State.open`."""
    asked = read_url(url)
    if asked.get_backend_name() == "sqlite" and not (root / str(asked.database)).exists():
        return []
    database = open_database(asked, root)
    try:
        with database.read() as connection:
            is_there = inspect(connection).has_table(consents.name)
            return denied_in(connection) if is_there else []
    finally:
        database.close()
