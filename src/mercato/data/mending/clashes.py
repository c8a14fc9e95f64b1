"""Mended rows whose key another row of their own source has: a source says each thing once."""

from collections.abc import Mapping
from typing import Any

import ibis
import pyarrow as pa

from mercato.data.engines import Engine
from mercato.data.merging import not_unique
from mercato.data.provenance import SOURCE, SOURCE_LINE
from mercato.data.staging import Staging
from mercato.data.store import AssetStore

_THERE = "__there_"


def without_clashes(
    store: AssetStore, engine: Engine, staging: Staging, rows: ibis.Table
) -> ibis.Table:
    """The staged rows but those that contradict a row which the asset has from another line of
    the same source; they are refused, as an import of the whole source would."""
    asset = staging.asset
    version = store.version(asset.name)
    if version is None or not asset.traced:
        return rows
    present = engine.files(store.files(asset.name, version), asset.stored)
    pairs = rows.inner_join(present, asset.keys, rname=f"{_THERE}{{name}}")
    near = pairs.filter(
        (pairs[SOURCE] == pairs[_THERE + SOURCE])
        & (pairs[SOURCE_LINE] != pairs[_THERE + SOURCE_LINE])
    )
    clashing = [row for row in engine.table(near).to_pylist() if _differs(row, asset.schema.names)]
    if not clashing:
        return rows
    for row in clashing:
        staging.refuse([not_unique(row, asset)], row[SOURCE])
    schema = pa.schema([asset.schema.field(name) for name in asset.keys])
    keys = pa.Table.from_pylist(
        [{name: row[name] for name in asset.keys} for row in clashing], schema=schema
    )
    return rows.anti_join(engine.arrow(keys), asset.keys)


def _differs(row: Mapping[str, Any], names: list[str]) -> bool:
    return any(row[name] != row.get(_THERE + name, row[name]) for name in names)
