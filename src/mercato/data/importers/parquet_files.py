"""Parquet files, batch by batch, however few bytes their values were packed into."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mercato.core.errors import BadInput
from mercato.data.importers.packed import ALWAYS_BYTES, MOST_RATIO
from mercato.data.importers.raw import BATCH_ROWS, MOST_RECORD, SHOWN, RawBatch, Refusal, Source

PARQUET_SUFFIXES = (".parquet", ".pq")

_BATCH_BYTES = 1 << 26
"""Of the texts of one batch."""

PARQUET_ERRORS = (pa.ArrowException, OSError, UnicodeDecodeError, MemoryError)
"""What pyarrow raises on damaged files; seen by damaging files at random."""


def read_parquet(source: Source) -> Iterator[RawBatch]:
    """Columns under their own names and types; ``lines`` counts rows from 1.

    Texts that are not UTF-8 and rows of more than `MOST_RECORD` bytes are refused. Raises
    BadInput where the file is no whole Parquet, is encrypted, names a column twice, or unpacks
    without measure.
    """
    try:
        with opened_parquet(source) as file:
            yield from _batches(file, source.path)
    except PARQUET_ERRORS as error:
        raise _damaged(source, error) from None


def opened_parquet(source: Source) -> pq.ParquetFile:
    """The file, whose texts come as dictionaries. Raises as `read_parquet`."""
    with source.path.open("rb") as stream:
        if stream.read(4) != b"PAR1":
            raise BadInput(
                f"Parquet in {source.path}",
                "a packed file, or none at all",
                "Unpack it: Parquet is packed already. Else name its format.",
            )
    try:
        schema = pq.read_schema(source.path)
        _check_names(source.path, schema.names)
        texts = [field.name for field in schema if _is_text(field.type)]
        file = pq.ParquetFile(source.path, read_dictionary=texts, buffer_size=1 << 20)
    except PARQUET_ERRORS as error:
        raise _damaged(source, error) from None
    try:
        groups = map(file.metadata.row_group, range(file.num_row_groups))
        _check_size(source.path, sum(group.total_byte_size for group in groups))
    except BadInput:
        file.close()
        raise
    return file


def _check_size(path: Path, unpacked: int) -> None:
    most = max(ALWAYS_BYTES, MOST_RATIO * path.stat().st_size)
    if unpacked > most:
        raise BadInput(
            f"{path} to unpack to at most {most >> 20:,} MB ({MOST_RATIO} times its size)",
            "more, as a decompression bomb has",
            "Convert it yourself and import what comes out, if you trust it.",
        )


def _damaged(source: Source, error: BaseException) -> BadInput:
    found = str(error).strip().partition("\n")[0][:SHOWN] or type(error).__name__
    return BadInput(f"whole Parquet in {source.path}", found, "Export it again.")


def _check_names(path: Path, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        found = f"{', '.join(twice)} twice" if twice else "no columns"
        raise BadInput(f"columns in {path} that are named once", found, "Name each column once.")


def _batches(file: pq.ParquetFile, path: Path) -> Iterator[RawBatch]:
    rows = BATCH_ROWS
    for at in range(file.num_row_groups):
        group = file.metadata.row_group(at)
        average = group.total_byte_size / max(group.num_rows, 1)
        rows = min(rows, max(1, int(_BATCH_BYTES / max(average, 1.0))))
    before = unpacked = 0
    for batch in record_batches(file, rows):
        sizes = _text_sizes(batch)
        unpacked += batch.num_rows + int(sizes.sum())
        _check_size(path, unpacked)
        for start, stop in _parts(sizes):
            yield _batch(batch.slice(start, stop - start), before + start + 1)
        before += batch.num_rows
    if not before:
        yield _batch(pa.RecordBatch.from_pylist([], schema=file.schema_arrow), 1)


def record_batches(
    file: pq.ParquetFile, rows: int, columns: list[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Group by group: one reader of all of them would gather their dictionaries as it goes, and
    that of ids is as long as the file."""
    for group in range(file.num_row_groups):
        yield from file.iter_batches(batch_size=rows, row_groups=[group], columns=columns)


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    )


def _text_sizes(batch: pa.RecordBatch) -> np.ndarray:
    """(rows,) bytes of all texts of a row."""
    sizes = np.zeros(batch.num_rows, np.int64)
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            each = pc.binary_length(column.dictionary).cast(pa.int64()).take(column.indices)
            sizes += each.fill_null(0).to_numpy(zero_copy_only=False)
    return sizes


def _parts(sizes: np.ndarray) -> Iterator[tuple[int, int]]:
    """Stretches of rows that are small enough once their texts are written out."""
    if sizes.sum() <= _BATCH_BYTES:
        if len(sizes):
            yield 0, len(sizes)
        return
    start = size = 0
    for at, each in enumerate(np.minimum(sizes, MOST_RECORD).tolist()):
        if size and size + each > _BATCH_BYTES:
            yield start, at
            start, size = at, 0
        size += each
    yield start, len(sizes)


def _batch(batch: pa.RecordBatch, first: int) -> RawBatch:
    lines = np.arange(first, first + batch.num_rows)
    good = _text_sizes(batch) <= MOST_RECORD
    refusals = [
        Refusal(int(line), "row-size", None, f"more than {MOST_RECORD:,} bytes", "{}")
        for line in lines[~good]
    ]
    batch, lines = batch.filter(pa.array(good)), lines[good]
    columns = {
        name or f"column {at}": _written_out(column)
        for at, (name, column) in enumerate(zip(batch.schema.names, batch.columns, strict=True), 1)
    }
    unreadable = _unreadable(columns, lines)
    if unreadable:
        bad = {refusal.line for refusal in unreadable}
        kept = pa.array([line not in bad for line in lines.tolist()])
        columns = {name: column.filter(kept) for name, column in columns.items()}
        lines = lines[kept.to_numpy(zero_copy_only=False)]
    columns = {name: _as_text(column) for name, column in columns.items()}
    return RawBatch(pa.array(lines, pa.int64()), columns, refusals=(*refusals, *unreadable))


def _written_out(column: pa.Array) -> pa.Array:
    """Texts as binary, since nobody checked them; years that Python's datetime lacks as text."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return column.dictionary_decode().cast(pa.binary())
    if pa.types.is_timestamp(kind):
        years = pc.min_max(pc.year(column)).as_py()
        if years["min"] is not None and not 0 < years["min"] <= years["max"] < 9999:
            return column.cast(pa.timestamp(kind.unit)).cast(pa.string()).cast(pa.binary())
    if pa.types.is_float16(kind):
        return column.cast(pa.float32())  # Arrow has few functions of halves
    return _spelled(column) if pa.types.is_nested(kind) else column


def _spelled(column: pa.Array) -> pa.Array:
    """Nested values; their times as text where Python's years do not reach so far."""
    try:
        column.to_pylist()
    except (ValueError, OverflowError):
        return column.cast(_without_times(column.type))
    return column


def _without_times(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_without_times(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _without_times(field.type)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(kind.key_type, _without_times(kind.item_type))
    return pa.string() if pa.types.is_timestamp(kind) else kind


def _unreadable(columns: dict[str, pa.Array], lines: np.ndarray) -> list[Refusal]:
    """The rows with texts that are no UTF-8 or hold a zero sign, each once."""
    found: dict[int, Refusal] = {}
    for name, column in columns.items():
        if not pa.types.is_binary(column.type) or _is_sound(column):
            continue
        for at, value in enumerate(column.to_pylist()):
            check = None if value is None else _trouble(value)
            if check is not None and at not in found:
                shown = value.replace(b"\0", b"\\0").decode("utf-8", "backslashreplace")
                row = orjson.dumps({name: shown}).decode()
                found[at] = Refusal(int(lines[at]), check, name, shown[:SHOWN], row)
    return [found[at] for at in sorted(found)]


def _is_sound(column: pa.BinaryArray) -> bool:
    try:
        column.cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return not pc.any(pc.match_substring(column, b"\0")).as_py()


def _trouble(value: bytes) -> str | None:
    try:
        value.decode()
    except UnicodeDecodeError:
        return "text-utf8"
    return "text-nul" if b"\0" in value else None


def _as_text(column: pa.Array) -> pa.Array:
    return column.cast(pa.string()) if pa.types.is_binary(column.type) else column
