"""One row out of many by its key: the row groups whose statistics leave room for it are read, which
is one where rows lie in the order of the key, as those of derived assets do."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mercato.data.store import AssetStore


def row_of(
    store: AssetStore, name: str, key: tuple[str, str], columns: Sequence[str]
) -> dict[str, Any] | None:
    """The row of an asset's newest version whose text column is this; None where there is none.

    key     : (column, what it is), which no two rows have
    columns : those that are wanted

    Raises NotFound where the asset does not exist.
    """
    column, value = key
    for file in store.files(name):
        with pq.ParquetFile(file) as opened:
            for group in _may_hold(opened.metadata, column, value):
                rows = opened.read_row_group(group, [column, *columns])
                # delta-rs writes a text anew as string_view, which is not compared with one.
                at = pc.index(rows[column].cast(pa.string()), value).as_py()
                if at >= 0:
                    found: dict[str, Any] = rows.slice(at, 1).select(list(columns)).to_pylist()[0]
                    return found
    return None


def _may_hold(metadata: pq.FileMetaData, column: str, value: str) -> Iterator[int]:
    """The row groups between whose least and greatest text ``value`` lies."""
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        chunks = (group.column(at) for at in range(group.num_columns))
        told = next(each.statistics for each in chunks if each.path_in_schema == column)
        if told is None or not told.has_min_max or told.min <= value <= told.max:
            yield number
