"""PostgreSQL as the state's database: the one file that knows it is PostgreSQL.

A number out of a sequence is given before its row can be seen, so of two transactions the one with
the lower numbers may come into view last, and whoever had read up to the higher ones would never
see them. So every writing transaction begins with one advisory lock, which PostgreSQL lets go only
after the transaction can be seen (https://www.postgresql.org/docs/current/explicit-locking.html):
numbers are in view in their order. Several processes write in turn, each all that waits with it.
"""

import select
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import orjson
import psycopg
from psycopg.types.string import StrDumper
from sqlalchemy import (
    JSON,
    URL,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Table,
    any_,
    bindparam,
    cast,
    create_engine,
    event,
    func,
)
from sqlalchemy import (
    select as select_,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, DisconnectionError

from mercato.core.errors import NotReady
from mercato.state.databases.database import Database, Many, Settle, Trouble

LOCK_MILLISECONDS = 5_000
"""So long a transaction waits for another process's before it is tried again."""

SILENT_SECONDS = 15.0
"""So long the server may keep quiet on a question; then the connection counts as lost. Longer than
it waits for a lock."""

READERS = (4, 12)
"""Connections that a process keeps open to read with, and how many more it opens in need."""

CONNECTING: Mapping[str, Any] = {
    "application_name": "mercato",
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "target_session_attrs": "read-write",
}
"""Parameters of libpq that the URL may name otherwise. A host that vanished is found out in ten
seconds rather than in hours; of several hosts the one that takes writes is asked."""

_OF_SESSION = {
    "lock_timeout": str(LOCK_MILLISECONDS),
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "idle_in_transaction_session_timeout": "60000",
}
"""What the server is told: to notice as soon as we do that the other side has vanished. By its own
settings it asks after two hours, and the lock of a host that lost its power would last as long."""

IDLE_MILLISECONDS = 3_000
"""So long a writing transaction may stand still between two of its statements. A host that vanishes
in the middle of one holds everybody's lock no longer than this: less than balancers wait for an
answer (``deploy/``) and than `LOCK_MILLISECONDS`."""

_LOCK = "pg_advisory_xact_lock(hashtextextended('mercato state ' || current_schema(), 0))"

_NUL = "\0"
_INSTEAD = "\N{REPLACEMENT CHARACTER}"

_BUSY = ("40001", "40P01", "55P03")
_FULL = ("53100", "53200", "58030", "42501")
_LOST = ("08", "57P", "25006", "25P03", "53300")
"""Beginnings of SQLSTATEs (https://www.postgresql.org/docs/current/errcodes-appendix.html). 57P:
the server goes down or comes up; 25006: it has become a standby; 25P03: it ended a transaction that
stood still; 53300: it takes no more."""

Found = TypeVar("Found")


@dataclass(frozen=True)
class Postgres(Database):
    """See `Database`; all of it in one schema."""

    is_remote: ClassVar[bool] = True
    begin_snapshot: ClassVar[str] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

    def turn(self) -> AbstractContextManager[None]:
        """The advisory lock has a queue of its own."""
        return nullcontext()

    @contextmanager
    def alone(self, work: str) -> Iterator[bool]:
        """By an advisory lock of a session, which ends with it."""
        named = {"work": f"mercato {work} "}
        key = "(hashtextextended(%(work)s || current_schema(), 0))"
        with self.read() as connection:
            if not connection.exec_driver_sql(f"SELECT pg_try_advisory_lock{key}", named).scalar():
                yield False
                return
            try:
                yield True
            finally:
                try:
                    connection.exec_driver_sql(f"SELECT pg_advisory_unlock{key}", named)
                except DBAPIError:  # whatever it is: with the connection the lock goes
                    connection.invalidate()

    def insert(self, table: Table) -> Any:
        return insert(table)

    def many(self, table: Table, names: Sequence[str], settle: Settle) -> Many:
        """Rows travel as one JSON text (measured, 400 events at once: 64,000 rows a second, as
        arrays 45,000, one by one in a pipeline 35,000; and a quarter of the client's time)."""
        names = [str(name) for name in names]
        typed = [Column(name, table.c[name].type) for name in names]
        given = func.json_to_recordset(cast(bindparam("rows"), JSON)).table_valued(*typed)
        given = given.render_derived(name="given", with_types=True)
        wanted = insert(table).from_select(names, select_(*given.c))
        statement = str(settle(wanted).compile(dialect=self.writing.dialect))

        def store(connection: Connection, rows: Sequence[Sequence[Any]]) -> int:
            said = orjson.dumps([dict(zip(names, row, strict=True)) for row in rows])
            if b"\\u0000" in said:
                said = orjson.dumps([_without_nul(names, row) for row in rows])
            return connection.exec_driver_sql(statement, {"rows": said.decode()}).rowcount

        return store

    def among(self, column: ColumnElement[Any], selection: Any) -> ColumnElement[bool]:
        """As an array that is made first. A join would be planned by statistics, which a young
        table has not: it read every line of all guests."""
        return column == any_(func.array(selection.scalar_subquery()))

    def trouble(self, error: DBAPIError) -> Trouble:
        code = _code(error.orig)
        if code is None:
            lost = isinstance(error.orig, psycopg.OperationalError | psycopg.InterfaceError)
            return Trouble.LOST if lost else Trouble.OTHER
        if code in _BUSY:
            return Trouble.BUSY
        if code in _FULL:
            return Trouble.FULL
        return Trouble.LOST if code.startswith(_LOST) else Trouble.OTHER

    def given(self, connection: Connection, table: Table) -> int:
        told = "SELECT last_value FROM pg_sequences WHERE schemaname = current_schema() AND "
        told += "sequencename = %(name)s"
        return connection.exec_driver_sql(told, {"name": f"{table.name}_seq_seq"}).scalar() or 0

    def give_on(self, connection: Connection, table: Table, given: int) -> None:
        if given > self.given(connection, table):
            raised = "SELECT setval(%(name)s::regclass, %(given)s)"
            connection.exec_driver_sql(raised, {"name": f"{table.name}_seq_seq", "given": given})

    def check(self) -> None:
        with self.read() as connection:
            encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
        if encoding != "UTF8":
            raise NotReady(
                "a database in UTF-8",
                f"one in {encoding}",
                "Make another: CREATE DATABASE shop ENCODING 'UTF8' TEMPLATE template0",
            )

    def doubt(self) -> str | None:
        with self.read() as connection:
            for setting in ("fsync", "full_page_writes"):
                if connection.exec_driver_sql(f"SHOW {setting}").scalar() == "off":
                    return f"{setting} is off on {self.place}"
        return None


def open_postgres(url: URL) -> Postgres:
    """A database on a server. Transactions are begun by us, so that what must be in force from
    their beginning takes one message; what is only read needs none."""
    writing = _engine(url, pool_size=2, max_overflow=2, pool_timeout=LOCK_MILLISECONDS / 1_000)
    kept, more = READERS
    reading = _engine(url, pool_size=kept, max_overflow=more, pool_timeout=2.0)
    event.listen(writing, "begin", _begin_locked)
    return Postgres(writing, reading, _place(url))


def _place(url: URL) -> str:
    """Where a database is, without whoever asks and their password."""
    hosts = url.host or ",".join(_told(url.query.get("host"))) or "this machine"
    return f"{url.database} on {hosts}"


def _told(value: Any) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def _engine(url: URL, **pool: Any) -> Engine:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", hide_parameters=True, **pool)
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "checkout", _check)
    event.listen(engine, "handle_error", _note_loss)
    return engine


def _connect(_dialect: Any, _record: Any, words: Any, named: Any) -> psycopg.Connection[Any]:
    return _Attentive.connect(*words, **{**CONNECTING, **named})


def _prepare(connection: psycopg.Connection[Any], _record: Any) -> None:
    """Settings of the session. Commits have reached the disk before they return, whatever the
    server's default; a stricter one, with a standby, stays."""
    told = "".join(f"set_config('{name}', '{v}', false), " for name, v in _OF_SESSION.items())
    connection.execute(
        f"SELECT {told}"
        "set_config('synchronous_commit', CASE current_setting('synchronous_commit') "
        "WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)"
    )
    connection.adapters.register_dumper(str, _WithoutNul)


def _check(connection: psycopg.Connection[Any], _record: Any, _proxy: Any) -> None:
    """Find out that a connection was cut while it lay in the pool: a socket with something to
    read, of which nobody asked anything, mostly tells its end. Costs a call of the system, where
    asking the server would cost a way there and back."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        try:
            connection.execute("SELECT 1")
        except psycopg.OperationalError as error:
            raise DisconnectionError(str(error)) from None


def _begin_locked(connection: Connection) -> None:
    idle = f"SET LOCAL idle_in_transaction_session_timeout = {IDLE_MILLISECONDS}"
    connection.exec_driver_sql(f"BEGIN ISOLATION LEVEL READ COMMITTED; {idle}; SELECT {_LOCK}")


def _note_loss(context: Any) -> None:
    """Let the pool forget connections to a server that went away, or that takes no writes now."""
    code = _code(context.original_exception)
    if code is not None and code.startswith(_LOST):
        context.is_disconnect = True


def _code(error: BaseException | None) -> str | None:
    return getattr(error, "sqlstate", None)


def _without_nul(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    told = zip(names, row, strict=True)
    return {n: v.replace(_NUL, _INSTEAD) if isinstance(v, str) else v for n, v in told}


class _WithoutNul(StrDumper):
    """PostgreSQL's text holds no NUL, which JSON and URLs may name: U+FFFD stands for it."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace(_NUL, _INSTEAD) if _NUL in obj else obj)


class _Attentive(psycopg.Connection[Any]):
    """Gives up on a server that keeps quiet, as one does that is stopped or behind a dead link."""

    def wait(self, gen: Any, *more: Any, **named: Any) -> Any:
        try:
            return super().wait(_attended(gen), *more, **named)
        except _Silent:
            self.pgconn.finish()
            raise


class _Silent(psycopg.OperationalError):
    pass


def _attended(work: Generator[Any, Any, Found]) -> Generator[Any, Any, Found]:
    """The same waiting, that ends where nothing comes for `SILENT_SECONDS`."""
    heard = time.monotonic()
    try:
        wanted = next(work)
        while True:
            ready = yield wanted
            if ready:
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENT_SECONDS:
                raise _Silent(f"no answer for {SILENT_SECONDS:g} s")
            wanted = work.send(ready)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
