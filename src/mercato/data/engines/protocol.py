"""What the making of derived assets asks of an engine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import ibis
import pyarrow as pa
import pyarrow.parquet as pq


@dataclass(frozen=True)
class Made:
    """Rows that a function of ours makes, in this process, of a table's.

    whole : of all rows at once, not of a batch at a time
    """

    make: Callable[[pa.Table], pa.Table]
    schema: pa.Schema
    whole: bool = False

    def of(self, rows: pa.RecordBatchReader, file: Path) -> None:
        """Write what is made of ``rows`` into a Parquet file."""
        tables = [rows.read_all()] if self.whole else map(_table, rows)
        with pq.ParquetWriter(file, self.schema) as writer:
            for table in tables:
                writer.write_table(self.make(table).cast(self.schema))


class TableEngine(Protocol):
    """Knows tables by name; expressions are over those that it knows.

    A name that is given by meaning stands for the same rows whenever it is given again, so what
    is known already is not computed again.
    """

    def tell(self, name: str, moment: datetime | None) -> None:
        """What a variable of `mercato.data.moments` stands for from now on."""

    def open(self, name: str, files: Sequence[str | Path], schema: pa.Schema) -> None:
        """``name`` stands for the rows of Parquet files; columns that a file lacks are null."""

    def keep(self, name: str, table: ibis.Table, of: Sequence[str] = ()) -> None:
        """``name`` stands for the rows of ``table``, computed once.

        of : tables that were split, with the same parts; the rows may be computed of one part
             after the other
        """

    def split(self, name: str, table: ibis.Table, by: str, of: Sequence[str] = ()) -> None:
        """``name`` stands for the rows of ``table``, in parts that each hold all rows of a value
        of ``by``; ``of`` as in `keep`."""

    def through(self, name: str, table: ibis.Table, made: Made) -> None:
        """``name`` stands for what is made of the rows of ``table``."""

    def forget(self, name: str) -> None:
        """What was kept under ``name`` is not needed any more."""

    def result(
        self, name: str, table: ibis.Table, schema: pa.Schema, of: Sequence[str] = ()
    ) -> pa.RecordBatchReader:
        """The rows of ``table``, which means ``name``, cast to ``schema``, in its order (or in
        that order within each part), as they come; ``of`` as in `keep`."""


def _table(batch: pa.RecordBatch) -> pa.Table:
    return pa.Table.from_batches([batch])
