"""Open the state of a shop."""

import secrets
from pathlib import Path

from sqlalchemy import URL, Engine, insert, make_url, select, update
from sqlalchemy.exc import ArgumentError, DBAPIError

from mercato.core.errors import BadInput, NotReady
from mercato.state import sqlite
from mercato.state.answers import AnswerLog
from mercato.state.audit import AuditLog
from mercato.state.decisions import DecisionLog
from mercato.state.events import EventLog
from mercato.state.fetches import FetchLog
from mercato.state.items import ItemLog
from mercato.state.keys import KeyTable
from mercato.state.rules import RuleTable
from mercato.state.seals import Verified, verify
from mercato.state.synonyms import SynonymTable
from mercato.state.tables import FORMAT, meta, metadata
from mercato.state.writer import Writer

MOST_WAITING = 20_000
"""Rows that may wait to be written: about a second's work (measured: 20 µs to 50 µs a row)."""


class State:
    """The logs of a shop. One per process; safe to share by threads; other processes may hold
    their own on the same database.
    """

    def __init__(self, writing: Engine, reading: Engine, writer: Writer) -> None:
        self.events = EventLog(writer, writing, reading)
        self.answers = AnswerLog(writer, writing, reading)
        self.items = ItemLog(writer, writing, reading)
        self.audit = AuditLog(writer, reading)
        self.fetches = FetchLog(writing, reading)
        self.decisions = DecisionLog(reading)
        self.rules = RuleTable(writer, reading)
        self.synonyms = SynonymTable(writer, reading)
        self.keys = KeyTable(writer, reading)
        self.writer = writer
        self._engines = (writing, reading)

    @classmethod
    def open(cls, url: str, root: Path, *, most_waiting: int = MOST_WAITING) -> "State":
        """Open or make the state.

        url  : SQLAlchemy URL; a relative SQLite path is taken from ``root``

        Raises BadInput for an URL that is not of SQLite, NotReady where the database cannot be
        opened or written, or was made by a newer Mercato.
        """
        writing, reading = sqlite.engines(read_url(url), root)
        try:
            _make_tables(writing)
        except DBAPIError as error:
            raise NotReady(
                f"a database that can be written at {writing.url.database}",
                str(error.orig),
                "See that its folder exists, has room and is yours.",
            ) from error
        return cls(writing, reading, Writer(writing, most_waiting))

    def get(self, key: str) -> str | None:
        """A value of the small facts about the state."""
        with self._engines[1].connect() as connection:
            return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()

    def set(self, key: str, value: str) -> None:
        """Remember a small fact, durably."""
        with self._engines[0].begin() as connection:
            known = connection.execute(
                update(meta).where(meta.c.key == key).values(value=value)
            ).rowcount
            if not known:
                connection.execute(insert(meta).values(key=key, value=value))

    def secret(self, name: str) -> bytes:
        """A secret of this shop's own, 256 bits: made at the first call, the same ever after."""
        key = f"secret-{name}"
        fresh = sqlite.insert(meta).on_conflict_do_nothing()
        if (known := self.get(key)) is None:
            with self._engines[0].begin() as connection:
                connection.execute(fresh.values(key=key, value=secrets.token_hex(32)))
            known = self.get(key)
        return bytes.fromhex(str(known))

    def verify(self, log: str, noted: str | None = None) -> Verified:
        """Whether a log out of `seals.SEALED` is as it was written; see `seals.verify`."""
        return verify(self._engines[1], log, noted)

    def close(self) -> None:
        """Commit what waits and let go of the database."""
        self.writer.close()
        for engine in self._engines:
            engine.dispose()


def read_url(text: str) -> URL:
    """The URL of a state. Raises BadInput where it is not of a SQLite file."""
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise BadInput(
            "a database URL in [state] url", str(error), 'Write url = "sqlite:///state.db".'
        ) from None
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        raise BadInput(
            "a SQLite file in [state] url", repr(text), 'Write url = "sqlite:///state.db".'
        )
    return url


def _make_tables(writing: Engine) -> None:
    """Make what is missing. Raises NotReady where the tables are of another format."""
    with writing.begin() as connection:
        metadata.create_all(connection)
        found = connection.execute(select(meta.c.value).where(meta.c.key == "format")).scalar()
        if found is None:
            connection.execute(insert(meta).values(key="format", value=str(FORMAT)))
        elif found != str(FORMAT):
            raise NotReady(
                f"a state of format {FORMAT}",
                f"format {found}",
                "Use the Mercato that made it, or a newer one: pip install -U mercato.",
            )
