"""Parquet files, batch by batch."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from mercato.core.errors import BadInput
from mercato.data.importers.raw import BATCH_ROWS, RawBatch, Source

PARQUET_SUFFIXES = (".parquet", ".pq")


def read_parquet(source: Source) -> Iterator[RawBatch]:
    """Columns under their own names and types; ``lines`` counts rows from 1.

    Raises BadInput where the file is no Parquet.
    """
    try:
        file = pq.ParquetFile(source.path)
    except pa.ArrowInvalid as error:
        raise BadInput(f"Parquet in {source.path}", str(error), "Name its format.") from None
    with file:
        before = 0
        for batch in file.iter_batches(batch_size=BATCH_ROWS):
            lines = pa.array(range(before + 1, before + 1 + batch.num_rows), pa.int64())
            before += batch.num_rows
            yield RawBatch(lines, dict(zip(batch.schema.names, batch.columns, strict=True)))
