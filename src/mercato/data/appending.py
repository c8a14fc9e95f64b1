"""What of a table an asset does not hold yet, found by the asset's keys."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset

from mercato.data.asset import Asset
from mercato.data.store import AssetStore

Key = tuple[object, ...]


def absent(store: AssetStore, asset: Asset, version: int, rows: pa.Table) -> pa.Table:
    """The rows of ``rows`` whose keys stand in no row of the asset's ``version``.

    Reads the key columns alone, a part at a time, and keeps of them only what is asked for
    (measured: 60 ms for 1.5 million rows).
    """
    asked = pc.unique(rows[asset.keys[0]])
    # With the asset's types: what delta-rs has rewritten names others, as string_view.
    files = pyarrow.dataset.dataset(
        store.files(asset.name, version), format="parquet", schema=asset.schema
    )
    parts = files.to_batches(columns=list(asset.keys), batch_readahead=1, fragment_readahead=1)
    known = {
        key
        for part in parts
        for key in _keys(part.filter(pc.is_in(part[asset.keys[0]], value_set=asked)), asset)
    }
    return rows.filter(pa.array([key not in known for key in _keys(rows, asset)], pa.bool_()))


def _keys(rows: pa.Table | pa.RecordBatch, asset: Asset) -> Iterator[Key]:
    return zip(*(rows[name].to_pylist() for name in asset.keys), strict=True)
