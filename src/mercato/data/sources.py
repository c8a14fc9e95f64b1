"""Keeps the asset ``sources``: what an import read, under the ids that its rows carry."""

import json
from collections.abc import Mapping

import pyarrow as pa

from mercato.data.assets.sources import SOURCES
from mercato.data.staging import Staging
from mercato.data.store import AssetStore


def keep_sources(store: AssetStore, staging: Staging, reading: Mapping[str, object]) -> None:
    """Append the sources of an import that the asset does not know yet.

    reading : how they were read, beside their formats; as JSON values

    Comes before the rows are committed, so that a row's id is always known.
    """
    present = store.version(SOURCES.name)
    known = (
        set()
        if present is None
        else set(store.read(SOURCES.name, present, columns=["source_id"])["source_id"].to_pylist())
    )
    rows = [
        {
            "source_id": number,
            "asset": staging.asset.name,
            "path": str(staged.source.path),
            "lines_in": staged.lines_in,
            "sha256": staged.source.sha256,
            "bytes": sum(file.stat().st_size for file in staged.source.files),
            "format": staged.format,
            "reading": json.dumps(reading, sort_keys=True),
            "rows": staged.rows,
            "imported_at": staging.imported_at,
        }
        for number, staged in staging.sources.items()
        if number not in known
    ]
    if rows:
        store.commit(SOURCES.name, pa.Table.from_pylist(rows, schema=SOURCES.schema), mode="append")
