"""Parquet files with nested columns, row by row as objects; what is null is left away."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mercato.core.errors import BadInput
from mercato.data.importers.parquet_files import (
    PARQUET_ERRORS,
    opened_parquet,
    record_batches,
)
from mercato.data.importers.raw import Source

_BATCH_ROWS = 4_096
"""Nested rows are long: one of GA4's export has some hundred values."""


@dataclass(frozen=True)
class Nested:
    """How rows are taken out of a file with nested columns.

    columns : those that are read, where the file has them
    folded  : names of records of which one field has a value; they become that value
    """

    columns: tuple[str, ...]
    folded: frozenset[str] = frozenset()


def parquet_objects(source: Source, nested: Nested) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each row as an object, with its number, counted from 1. Raises BadInput where the file is
    no Parquet."""
    try:
        with opened_parquet(source) as file:
            present = [name for name in file.schema_arrow.names if name in nested.columns]
            number = 0
            for batch in record_batches(file, _BATCH_ROWS, present):
                rows = pa.StructArray.from_arrays(batch.columns, present)
                for row in _records(rows, nested.folded):
                    number += 1
                    yield number, row or {}
    except PARQUET_ERRORS as error:
        raise BadInput(f"Parquet in {source.path}", str(error), "Export it again.") from None


def _values(name: str, column: pa.Array, folded: frozenset[str]) -> Sequence[Any]:
    """What ``to_pylist`` gives, but without the nulls in records, and several times faster."""
    kind = column.type
    if pa.types.is_struct(kind):
        return _one_of(column, folded) if name in folded else _records(column, folded)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return list(_lists(_values(name, column.flatten(), folded), column))
    values: list[Any] = column.to_pylist()
    return values


def _fields(column: pa.StructArray) -> list[tuple[str, pa.Array]]:
    """The fields that have any value; null where the record is."""
    names = (field.name for field in column.type)
    fields = zip(names, column.flatten(), strict=True)
    return [(name, values) for name, values in fields if values.null_count < len(values)]


def _records(column: pa.StructArray, folded: frozenset[str]) -> list[dict[str, Any] | None]:
    fields = _fields(column)
    names = [name for name, _ in fields]
    rows = zip(*(_values(name, values, folded) for name, values in fields), strict=True)
    if not fields:
        found: list[dict[str, Any] | None] = [{} for _ in range(len(column))]
    elif any(values.null_count for _, values in fields):
        found = [
            {name: value for name, value in zip(names, row, strict=True) if value is not None}
            for row in rows
        ]
    else:
        found = [dict(zip(names, row, strict=True)) for row in rows]
    if column.null_count:
        there = column.is_valid().to_pylist()
        return [each if is_there else None for each, is_there in zip(found, there, strict=True)]
    return found


def _one_of(column: pa.StructArray, folded: frozenset[str]) -> Sequence[Any]:
    found: Sequence[Any] = [None] * len(column)
    for name, values in _fields(column):
        further = _values(name, values, folded)
        pairs = zip(found, further, strict=True)
        found = [one if one is not None else other for one, other in pairs]
    return found


def _lists(flat: Sequence[Any], column: pa.ListArray) -> Iterator[Sequence[Any] | None]:
    at = 0
    for length in pc.list_value_length(column).to_pylist():
        yield None if length is None else flat[at : at + length]
        at += length or 0
