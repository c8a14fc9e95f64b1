"""What the logs of the state ask of a database, whichever it is."""

import logging
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Connection, Engine, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFree

from mercato.core.errors import MercatoError, NotReady, Overloaded

_log = logging.getLogger(__name__)

_SECONDS_A_LINE = 10.0
"""Between two lines of the log about the same outage."""

Many = Callable[[Connection, Sequence[Sequence[Any]]], int]
"""Inserts rows, tuples of a table's columns; how many were new."""

Settle = Callable[[Any], Any]
"""A dialect's insert → the same with what is to be done about keys that are known."""


class Trouble(StrEnum):
    """What a database's error means to whoever asked."""

    BUSY = "busy"
    """Somebody else held the write lock too long; nothing was written."""
    FULL = "full"
    """The disk has no room or does not take the write; nothing was written."""
    LOST = "lost"
    """The connection is gone. A commit that was on its way may have been made or not."""
    OTHER = "other"


class Busy(Overloaded):
    """See `Trouble.BUSY`."""


class Lost(NotReady):
    """See `Trouble.LOST`."""

    title = "The database cannot be reached"


class Outages:
    """Says in the log that there is one, now and then rather than for every request."""

    def __init__(self) -> None:
        self._told = -math.inf

    def tell(self, text: str) -> None:
        now = time.monotonic()
        if now - self._told > _SECONDS_A_LINE:
            self._told = now
            _log.warning("%s", text)


@dataclass(frozen=True)
class Database(ABC):
    """Two engines and what differs between databases.

    writing : each transaction has the write lock from its beginning until it can be seen, so
              that rows become visible in the order of their ``seq``, and what it reads nobody
              changes beside it
    reading : each statement sees what is committed when it begins
    place   : where it is, without any password
    """

    writing: Engine
    reading: Engine
    place: str
    outages: Outages = field(default_factory=Outages)

    is_remote: ClassVar[bool]
    """Whether a connection can break while a commit is on its way."""

    begin_snapshot: ClassVar[str]
    """The statement after which a reading connection sees one moment only."""

    @abstractmethod
    def turn(self) -> AbstractContextManager[None]:
        """Wait in the queue of those who want to write, as far as the database has none."""

    @abstractmethod
    def alone(self, work: str) -> AbstractContextManager[bool]:
        """Whether nobody else does this work meanwhile, in any process on any host: those that
        ask while it is done are told False. Whose process ends, or whose host vanishes, does it no
        more; nor does one whose connection broke, without knowing."""

    @abstractmethod
    def insert(self, table: Table) -> Any:
        """The dialect's insert, which knows ``on_conflict_do_nothing`` and ``…_do_update``."""

    @abstractmethod
    def many(self, table: Table, names: Sequence[str], settle: Settle) -> Many:
        """A function that inserts many rows at once, compiled once. ``names``: of the columns."""

    @abstractmethod
    def among(self, column: ColumnElement[Any], selection: Any) -> ColumnElement[bool]:
        """Whether a column's value is among those that a selection of a few rows gives, written so
        that the column's index is asked for each."""

    @abstractmethod
    def trouble(self, error: DBAPIError) -> Trouble:
        """What an error means."""

    @abstractmethod
    def given(self, connection: Connection, table: Table) -> int:
        """The highest ``seq`` that was ever given to a row of the table; 0 before the first."""

    @abstractmethod
    def give_on(self, connection: Connection, table: Table, given: int) -> None:
        """Let the next row's ``seq`` lie above ``given``, within a writing transaction."""

    def forget(self) -> bool:
        """Bring deletions into the database's own files. True where that is done, or is the
        database's own affair (as autovacuum is); False where it is to be tried again."""
        return True

    def check(self) -> None:
        """Raises NotReady where the database cannot hold a state, before its tables are made."""
        return None

    def doubt(self) -> str | None:
        """Why a commit may not outlive a crash of the machine; None where it does."""
        return None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction, committed at its end. Raises what `in_words` makes of an error."""
        with self._said(), self.turn(), self.writing.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to read from. Raises what `in_words` makes of an error."""
        with self._said(), self.reading.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection whose statements all see the same moment."""
        with self.read() as connection:
            connection.exec_driver_sql(self.begin_snapshot)
            try:
                yield connection
            finally:
                if not connection.invalidated:
                    connection.exec_driver_sql("ROLLBACK")

    def in_words(self, error: DBAPIError) -> MercatoError | DBAPIError:
        """What the user can mend, said so; anything else as it is."""
        trouble = self.trouble(error)
        if trouble is Trouble.BUSY:
            return Busy(
                "the state's write lock",
                "another process that held it all along",
                "Send the request again in a few seconds.",
            )
        if trouble is Trouble.FULL:
            return NotReady(
                "room and permission to write the state",
                str(error.orig),
                "Free some disk, or see who owns the shop's folder.",
            )
        if trouble is Trouble.LOST:
            # Who asks may be anybody: where the database is and what it says is the log's.
            self.outages.tell(f"no connection to {self.place}: {error.orig}".strip())
            return Lost("the state's database", "no connection", "Try again in a moment.")
        return error

    def close(self) -> None:
        """Let go of all connections."""
        self.writing.dispose()
        self.reading.dispose()

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            said = self.in_words(error)
            if said is error:
                raise
            raise said from error
        except NoneFree as error:
            raise Overloaded(
                "a free connection to the state", "none", "Send the request again in a second."
            ) from error
