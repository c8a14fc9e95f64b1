"""Codes in PostgreSQL, looked up by pgvector's graph over bits.

A table for each release's texts. Where its rows lie is the database's business: SQL of the shop's
own runs on each new table before it is filled, and may spread it (docs/scale.md).
"""

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from mercato.core.errors import BadInput, NotReady

CONNECT_SECONDS = 3
"""That a connection may take."""

MOST_MILLISECONDS = 1_000
"""That a look-up may take."""

CONNECTIONS = 8
"""At once; a worker answers at most so many searches."""

_PREFIX = "mercato_codes_"
_WHOLE = "all codes are there"
_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_PER_SESSION = (
    f"SET statement_timeout = {MOST_MILLISECONDS}",
    # Both are named before pgvector is loaded, which then takes them up. Beyond ef_search rows the
    # graph is searched on for as long as more are wanted.
    "SET hnsw.ef_search = 1000",
    "SET hnsw.iterative_scan = relaxed_order",
)


class PostgresEngine:
    """The `VectorEngine` on a database of the shop's own, which has the extension `vector`.

    setup   : SQL that runs on each new table, ``{table}`` in it; empty: none
    cleanup : the same before a table is dropped
    """

    def __init__(self, url: URL, setup: str = "", cleanup: str = "") -> None:
        self._setup = setup
        self._cleanup = cleanup
        self._engine = create_engine(
            url,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=MOST_MILLISECONDS / 1_000,
            connect_args={"connect_timeout": CONNECT_SECONDS},
        )
        event.listen(self._engine, "connect", _prepare)

    def holds(self, name: str) -> bool:
        with self._asked() as connection:
            told = connection.exec_driver_sql(
                "SELECT obj_description(to_regclass(%s), 'pg_class')", (_table(name),)
            )
            return bool(told.scalar() == _WHOLE)

    def fill(self, name: str, n_bits: int, parts: Iterable[NDArray[np.uint8]]) -> None:
        table = _table(name)
        with self._asked() as connection:
            run = connection.exec_driver_sql
            run("SET statement_timeout = 0")
            run("CREATE EXTENSION IF NOT EXISTS vector")
            self._drop(connection, table)
            run(f"CREATE TABLE {table} (text integer NOT NULL, code bit({n_bits}) NOT NULL)")
            if self._setup:
                run(self._setup.replace("{table}", table))
            _copy(connection, table, n_bits, parts)
            run(
                f"CREATE INDEX ON {table} USING hnsw (code bit_hamming_ops) "
                "WITH (m = 16, ef_construction = 128)"
            )
            run(f"ANALYZE {table}")
            run(f"COMMENT ON TABLE {table} IS '{_WHOLE}'")
            run(_PER_SESSION[0])

    def near(self, name: str, code: NDArray[np.uint8], most: int) -> NDArray[np.int64]:
        bits = "".join(map(str, np.unpackbits(code).tolist()))
        table = _table(name)
        with self._asked() as connection:
            found = connection.exec_driver_sql(
                f"SELECT text FROM {table} ORDER BY code <~> %s::bit({len(bits)}) LIMIT {most}",
                (bits,),
            )
            return np.array(found.scalars().all(), np.int64)

    def keep(self, names: Collection[str]) -> None:
        wanted = {_table(name) for name in names}
        with self._asked() as connection:
            connection.exec_driver_sql("SET statement_timeout = 0")
            there = connection.exec_driver_sql(
                "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition "
                f"AND relnamespace = current_schema()::regnamespace AND relname ~ '^{_PREFIX}'"
            )
            for table in sorted(set(there.scalars()) - wanted):
                self._drop(connection, table)
            connection.exec_driver_sql(_PER_SESSION[0])

    def close(self) -> None:
        self._engine.dispose()

    def _drop(self, connection: Connection, table: str) -> None:
        there = connection.exec_driver_sql("SELECT to_regclass(%s)", (table,)).scalar()
        if there is None:
            return
        if self._cleanup:
            connection.exec_driver_sql(self._cleanup.replace("{table}", table))
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table} CASCADE")

    @contextmanager
    def _asked(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            cause = getattr(error, "orig", None) or error
            raise NotReady(
                "PostgreSQL of [vectors] engine to answer",
                str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__,
                "See whether it runs, has the extension vector, and lets this shop make tables.",
            ) from error


def _prepare(connection: Any, _record: Any) -> None:
    for statement in _PER_SESSION:
        connection.execute(statement)


def _table(name: str) -> str:
    """Raises BadInput for a name that could be more than one word of SQL."""
    if not re.fullmatch(r"[0-9a-z]{1,40}", name):
        raise BadInput("a name of letters and digits", repr(name), "Build the release again.")
    return _PREFIX + name


def _copy(
    connection: Connection, table: str, n_bits: int, parts: Iterable[NDArray[np.uint8]]
) -> None:
    """Rows in PostgreSQL's binary format of COPY."""
    row = np.dtype(
        [
            ("fields", ">i2"),
            ("text_bytes", ">i4"),
            ("text", ">i4"),
            ("code_bytes", ">i4"),
            ("bits", ">i4"),
            ("code", np.uint8, (n_bits // 8,)),
        ]
    )
    first = 0
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY {table} (text, code) FROM STDIN (FORMAT binary)") as copy:
        copy.write(_SIGNATURE)
        for part in parts:
            rows = np.zeros(len(part), row)
            rows["fields"], rows["text_bytes"], rows["code_bytes"] = 2, 4, 4 + n_bits // 8
            rows["text"] = np.arange(first, first + len(part))
            rows["bits"], rows["code"] = n_bits, part
            copy.write(rows.tobytes())
            first += len(part)
        copy.write(_END)
