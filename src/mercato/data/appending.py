"""What of a table an asset does not hold yet, found by the asset's keys."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from mercato.data.asset import Asset
from mercato.data.store import AssetStore


def absent(store: AssetStore, asset: Asset, version: int, rows: pa.Table) -> pa.Table:
    """The rows of ``rows`` whose keys stand in no row of the asset's ``version``.

    Reads only the key columns, and keeps of them only those that may be asked for.
    """
    first = asset.keys[0]
    asked = pc.unique(rows[first])
    files = ds.dataset(store.files(asset.name, version), asset.schema, format="parquet")
    found = files.to_table(columns=list(asset.keys), filter=ds.field(first).isin(asked))
    if not found.num_rows:
        return rows
    known = set(_keys(found, asset))
    return rows.filter(pa.array([key not in known for key in _keys(rows, asset)], pa.bool_()))


def _keys(table: pa.Table, asset: Asset) -> list[tuple[object, ...]]:
    columns: Mapping[str, list[object]] = table.select(list(asset.keys)).to_pydict()
    return list(zip(*columns.values(), strict=True))
