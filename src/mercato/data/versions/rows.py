"""Rows of a version: a few to look at, or all of them into a file."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.parquet as pq

from mercato.core.errors import WrongUse
from mercato.data.access import Mask
from mercato.data.asset import Asset
from mercato.data.store import AssetStore
from mercato.data.versions.summary import opened_files, schema_of

Batches = Iterator[pa.RecordBatch]


def sample(store: AssetStore, asset: Asset, mask: Mask | None, most: int = 5) -> pa.Table:
    """Some rows of the newest version; masked where ``mask`` is given."""
    schema = schema_of(store, asset.name)
    batch = next(_batches(store, asset, None, schema, most), None)
    rows = schema.empty_table() if batch is None else pa.Table.from_batches([batch])
    rows = rows.slice(0, most)
    return rows if mask is None else mask.rows(asset, rows)


def export(
    store: AssetStore,
    asset: Asset,
    target: Path,
    *,
    version: int | None = None,
    mask: Mask | None,
) -> int:
    """Write a version (default: the newest) to ``target``; how many rows.

    mask : hides what belongs to a person; None writes everything as it is

    The file appears whole or not at all. Raises WrongUse for an ending that is no format.
    """
    write = FORMATS.get(target.suffix)
    if write is None:
        known = ", ".join(FORMATS)
        raise WrongUse(f"a file that ends in {known}", str(target), "Name it after its format.")
    schema = schema_of(store, asset.name, version)
    rows = 0

    def masked() -> Batches:
        nonlocal rows
        for batch in _batches(store, asset, version, schema):
            rows += batch.num_rows
            yield batch if mask is None else mask.rows(asset, batch)

    with _whole(target) as file:
        write(file, schema, masked())
    return rows


def _batches(
    store: AssetStore, asset: Asset, version: int | None, schema: pa.Schema, rows: int = 65_536
) -> Batches:
    """The version's rows; columns that an older file lacks are null."""
    if files := opened_files(store, asset.name, version):
        found = pyarrow.dataset.dataset(files, schema=schema, format="parquet")
        yield from found.to_batches(batch_size=rows, batch_readahead=2, fragment_readahead=1)


@contextmanager
def _whole(target: Path) -> Iterator[BinaryIO]:
    """A file beside ``target`` that takes its place at the end."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        try:
            yield cast(BinaryIO, file.file)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, target)
        finally:
            Path(file.name).unlink(missing_ok=True)


def _parquet(file: BinaryIO, schema: pa.Schema, batches: Batches) -> None:
    with pq.ParquetWriter(file, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def _csv(file: BinaryIO, schema: pa.Schema, batches: Batches) -> None:
    """Lists and objects stand as JSON."""
    nested = [f.name for f in schema if pa.types.is_nested(f.type)]
    flat = pa.schema([(f.name, pa.string() if f.name in nested else f.type) for f in schema])
    with pyarrow.csv.CSVWriter(file, flat) as writer:
        for batch in batches:
            columns = [
                _json_texts(batch.column(name)) if name in nested else batch.column(name)
                for name in flat.names
            ]
            writer.write_batch(pa.record_batch(columns, schema=flat))


def _json_texts(column: pa.Array) -> pa.Array:
    texts = (None if value is None else _json(value).decode() for value in column.to_pylist())
    return pa.array(texts, pa.string())


def _json_lines(file: BinaryIO, schema: pa.Schema, batches: Batches) -> None:
    for batch in batches:
        file.writelines(_json(row) + b"\n" for row in batch.to_pylist())


def _json(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


FORMATS: Mapping[str, Callable[[BinaryIO, pa.Schema, Batches], None]] = {
    ".csv": _csv,
    ".jsonl": _json_lines,
    ".parquet": _parquet,
}
"""Ending of a file → its writer."""
