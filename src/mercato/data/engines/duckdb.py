"""DuckDB, in this process: Ibis expressions over Parquet files and Arrow tables.

Ibis compiles, DuckDB runs, Arrow comes out; Ibis's own fetching would import pandas.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend
from ibis.expr.operations import UnboundTable

from mercato.core.errors import NotReady
from mercato.data.engines.expressions import cast, checksum
from mercato.data.engines.protocol import Made

MEMORY_MB = 600
"""DuckDB spills to disk above it; its limit leaves out what it hands over, and an import of ten
million lines stays under 2 GB resident."""

_BATCH_ROWS = 65_536

ROWS_A_MB = 3_000
"""Event lines that a part of a split table has for each megabyte of the limit: what is sorted and
grouped of ten million of them takes some 3 GB (measured)."""

_PART = "_part"

_COMPILER = Backend()
"""Without a connection."""


class Engine:
    """One private connection; tables are read where they lie, results come as Arrow."""

    def __init__(self, backend: Backend, scratch: Path, memory_mb: int) -> None:
        self._backend = backend
        self._scratch = scratch
        self._part_rows = memory_mb * ROWS_A_MB
        self._result: pa.RecordBatchReader | None = None
        self._names = 0
        self._kept: dict[str, str] = {}
        self._parts: dict[str, list[Path]] = {}

    def files(
        self, files: Sequence[str | Path], schema: pa.Schema, lines: str | None = None
    ) -> ibis.Table:
        """Parquet files as one table of ``schema``; columns that a file lacks are null.

        lines : name of a further int64 column, each row's place in its file, counted from 1
        """
        if not files:
            return self.arrow(schema.empty_table())
        self._free()
        read = self._backend.read_parquet(
            _literal(files),
            table_name=self._next("files"),
            union_by_name=True,
            file_row_number=lines is not None,
        )
        found = _unbound(read)
        wanted = ibis.schema(schema)
        columns = [
            found[name] if name in found.columns else ibis.null(kind).name(name)
            for name, kind in wanted.items()
        ]
        if lines is not None:
            columns.append((found["file_row_number"] + 1).name(lines))
        return found.select(columns)

    def arrow(self, table: pa.Table) -> ibis.Table:
        """An Arrow table in memory as a table."""
        self._free()
        name = self._next("arrow")
        self._backend.con.register(name, table)
        return _unbound(self._backend.table(name))

    def kept(self, table: ibis.Table, *, each: str | None = None) -> ibis.Table:
        """The rows of ``table``, computed now, at once and once. A `DeriveContext`'s keep."""
        name = self._next("kept")
        self._do(_table_as(name, sql_of(table)))
        return _unbound(self._backend.table(name))

    def open(self, name: str, files: Sequence[str | Path], schema: pa.Schema) -> None:
        """See `TableEngine.open`."""
        self._view(name, self.files(files, schema))

    def keep(self, name: str, table: ibis.Table, of: Sequence[str] = ()) -> None:
        """See `TableEngine.keep`."""
        if name not in self._kept:
            sql = sql_of(table, name)
            for at, _ in enumerate(self._one_by_one(of)):
                self._do(f'INSERT INTO "{name}" {sql}' if at else _table_as(name, sql))
            self._kept[name] = "TABLE"

    def split(self, name: str, table: ibis.Table, by: str, of: Sequence[str] = ()) -> None:
        """See `TableEngine.split`."""
        if name in self._kept:
            return
        sql = sql_of(table, name)
        parts = len(self._parts[of[0]]) if of else -(-self._most_rows(table) // self._part_rows)
        if parts <= 1:  # writing the rows would take longer than working them out again
            self._do(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {sql}')
            self._parts[name] = []
        else:
            self._parts[name] = self._split(name, sql, by, parts, of)
            self._view_files(name, self._parts[name])
        self._kept[name] = "VIEW"

    def _split(self, name: str, sql: str, by: str, parts: int, of: Sequence[str]) -> list[Path]:
        """The files of each part."""
        folder = self._scratch / name
        folder.mkdir()
        if not of:
            place = f'hash("{by}") % {parts} AS "{_PART}"'
            self._write(f"SELECT *, {place} FROM ({sql})", folder, f", PARTITION_BY ({_PART})")
            found = [each / "*.parquet" for each in sorted(folder.iterdir())]
            if not found:  # a file says of what columns there are no rows
                found = [folder / "none.parquet"]
                self._write(f"SELECT * FROM ({sql}) LIMIT 0", found[0])
            return found
        files = [folder / f"{at}.parquet" for at in range(parts)]
        for file, _ in zip(files, self._one_by_one(of), strict=True):
            self._write(sql, file)
        return files

    def _one_by_one(self, of: Sequence[str]) -> Iterator[None]:
        """Once for each part of tables that were split, which stand for that part alone
        meanwhile; once where there is one part, or no such table."""
        count = len(self._parts[of[0]]) if of else 0
        if count <= 1:
            yield
            return
        try:
            for at in range(count):
                for name in of:
                    self._view_files(name, [self._parts[name][at]])
                yield
        finally:
            for name in of:
                self._view_files(name, self._parts[name])

    def _most_rows(self, table: ibis.Table) -> int:
        """Of the tables that an expression is over."""
        names = {each.name for each in table.op().find(UnboundTable)}
        counted = [self._query(f'SELECT count(*) n FROM "{name}"').read_all() for name in names]
        return max((int(found["n"][0].as_py()) for found in counted), default=0)

    def _write(self, sql: str, place: Path, how: str = "") -> None:
        self._do(f"COPY ({sql}) TO {_quoted(place)} (FORMAT parquet{how})")

    def _view_files(self, name: str, files: Sequence[Path]) -> None:
        listed = ", ".join(map(_quoted, files))
        read = f"read_parquet([{listed}], hive_partitioning = false)"
        self._do(f'CREATE OR REPLACE TEMP VIEW "{name}" AS SELECT * FROM {read}')

    def through(self, name: str, table: ibis.Table, made: Made) -> None:
        """See `TableEngine.through`."""
        if name not in self._kept:
            file = self._scratch / f"{name}.parquet"
            made.of(self.result(name, table, table.schema().to_pyarrow()), file)
            self.open(name, [file], made.schema)
            self._kept[name] = "VIEW"

    def forget(self, name: str) -> None:
        """See `TableEngine.forget`."""
        if kind := self._kept.pop(name, None):
            self._do(f'DROP {kind} "{name}"')
            (self._scratch / f"{name}.parquet").unlink(missing_ok=True)
            shutil.rmtree(self._scratch / name, ignore_errors=True)
            self._parts.pop(name, None)

    def result(
        self, name: str, table: ibis.Table, schema: pa.Schema, of: Sequence[str] = ()
    ) -> pa.RecordBatchReader:
        """See `TableEngine.result`."""
        sql = sql_of(table, name)
        batches = (batch for _ in self._one_by_one(of) for batch in cast(self._query(sql), schema))
        return pa.RecordBatchReader.from_batches(schema, batches)

    def tell(self, name: str, moment: datetime | None) -> None:
        """What a variable of `mercato.data.moments` stands for from now on."""
        told = "NULL" if moment is None else f"'{moment.isoformat()}'"
        self._do(f"SET VARIABLE {name} = CAST({told} AS TIMESTAMPTZ)")

    def batches(
        self, expression: ibis.Table, schema: pa.Schema, order_by: Sequence[str] = ()
    ) -> pa.RecordBatchReader:
        """The rows of ``expression``, cast to ``schema``, as they are computed."""
        wanted = expression.select(*schema.names)
        if order_by:
            wanted = wanted.order_by(list(order_by))
        return cast(self._query(sql_of(wanted)), schema)

    def write(self, expression: ibis.Table, schema: pa.Schema, path: Path) -> None:
        """Put the rows of ``expression`` into a Parquet file, as they are computed."""
        with pq.ParquetWriter(path, schema) as writer:
            for batch in self.batches(expression, schema):
                writer.write_batch(batch)

    def table(
        self,
        expression: ibis.Table,
        schema: pa.Schema | None = None,
        order_by: Sequence[str] = (),
    ) -> pa.Table:
        """The rows of ``expression`` at once; ``schema`` is the expression's own by default."""
        if schema is None:
            schema = expression.schema().to_pyarrow()
        return self.batches(expression, schema, order_by).read_all()

    def _next(self, kind: str) -> str:
        """A name for a table: the same one wherever the same was done before it, so that the same
        expression is compiled once, see `sql_of`."""
        self._names += 1
        return f"{kind}_{self._names}"

    def _view(self, name: str, table: ibis.Table) -> None:
        self._do(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {sql_of(table)}')

    def _do(self, sql: str) -> None:
        self._free()
        self._backend.con.execute(sql)

    def _query(self, sql: str) -> pa.RecordBatchReader:
        self._free()
        self._result = self._backend.con.sql(sql).to_arrow_reader(_BATCH_ROWS)
        return self._result

    def _free(self) -> None:
        """A connection holds one open result: what is left of the one before is given up."""
        if self._result is not None:
            self._result.close()
            self._result = None

    def count(self, expression: ibis.Table) -> int:
        """The rows of ``expression``."""
        counted = self.table(expression.aggregate(n=expression.count()))
        return int(counted["n"][0].as_py())


@contextmanager
def open_engine(memory_mb: int = MEMORY_MB, folder: Path | None = None) -> Iterator[Engine]:
    """DuckDB, with scratch space of its own that is gone afterwards.

    folder : where the scratch space lies; by default where the system has its own

    Raises NotReady where its memory does not suffice.
    """
    scratch = tempfile.mkdtemp(prefix="mercato-", dir=folder)
    backend = ibis.duckdb.connect(
        memory_limit=f"{memory_mb}MB",
        temp_directory=scratch,
        autoinstall_known_extensions=False,
        preserve_insertion_order=False,
        TimeZone="UTC",
    )
    try:
        yield Engine(backend, Path(scratch), memory_mb)
    except duckdb.OutOfMemoryException as error:
        raise NotReady(
            f"work on tables that fits into {memory_mb} MB of memory",
            str(error).partition("\n")[0],
            "Shorten texts of many megabytes, or split the files.",
        ) from None
    finally:
        backend.disconnect()
        shutil.rmtree(scratch, ignore_errors=True)


def sql_of(table: ibis.Table, meaning: str | None = None) -> str:
    """The SQL of an expression. A process remembers what it compiled lately.

    meaning : what tells it from others, where it is known already
    """
    return _compiled(_Compared(meaning or checksum(table), table))


@dataclass(frozen=True)
class _Compared:
    """A table that equals all of the same checksum."""

    checksum: str
    table: ibis.Table = field(compare=False)


@lru_cache(maxsize=512)
def _compiled(of: _Compared) -> str:
    return str(_COMPILER.compile(of.table))


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _table_as(name: str, sql: str) -> str:
    return f'CREATE OR REPLACE TEMP TABLE "{name}" AS {sql}'


def _unbound(table: ibis.Table) -> ibis.Table:
    """By its name, without the connection that knows it."""
    return ibis.table(table.schema(), name=table.get_name())


def _literal(files: Sequence[str | Path]) -> list[str]:
    """Paths in which no sign stands for others."""
    return [re.sub(r"[*?]", r"[\g<0>]", str(file)) for file in files]
