"""Commits what came of a retry: rows to their asset, and the quarantine without them."""

import json
from collections.abc import Callable, Collection
from typing import TypeVar

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from mercato.data.assets.quarantine import QUARANTINE
from mercato.data.engines import Engine
from mercato.data.mending.held import Selection, held_rows, quarantine_table
from mercato.data.merging import changes, content
from mercato.data.sources import keep_sources
from mercato.data.staging import Staging
from mercato.data.store import AssetStore, Conflict, Mode

_ATTEMPTS = 5
_ORDER = [(name, "ascending") for name in ("asset", "source", "source_line")]
_SAYS = [name for name in QUARANTINE.schema.names if name != "imported_at"]

Made = TypeVar("Made")


def commit_rows(store: AssetStore, engine: Engine, staging: Staging, rows: ibis.Table) -> None:
    """Commit staged rows to their asset; those that it has already change nothing."""
    asset = staging.asset
    read = {str(each.source.path): each.source.sha256 for each in staging.sources.values()}
    note = {"made_by": "retry", "sources": json.dumps(read)}

    def commit() -> None:
        version = store.version(asset.name)
        files = [] if version is None else store.files(asset.name, version)
        present = None if version is None else engine.files(files, asset.stored)
        found = changes(engine, staging, rows, present, full=False)
        if found.whole is not None:
            keep_sources(store, staging, staging.reading)
            data = content(engine, found.whole, asset)
            mode: Mode = "append" if found.append else "overwrite"
            base = -1 if version is None else version
            store.commit(asset.name, data, mode=mode, note=note, base=base)

    _attempted(commit)


def replace_rows(store: AssetStore, gone: Collection[str], found: pa.Table) -> None:
    """Take the rows with the keys ``gone`` out of the quarantine, and put ``found`` in."""

    def commit() -> None:
        version = store.version(QUARANTINE.name)
        table = quarantine_table(store, version)
        is_gone = pa.array([row.key in gone for row in held_rows(table)], pa.bool_())
        if _said(table.filter(is_gone)) == _said(found):
            return  # nothing new, and the time at which they were found stays
        kept = table.filter(pc.invert(is_gone))
        whole = pa.concat_tables([kept, found.select(kept.schema.names)]).sort_by(_ORDER)
        base = -1 if version is None else version
        store.commit(QUARANTINE.name, whole, note={"made_by": "retry"}, base=base)

    _attempted(commit)


def discard(store: AssetStore, selection: Selection) -> int:
    """Take the selected rows out of the quarantine for good; how many."""

    def commit() -> int:
        version = store.version(QUARANTINE.name)
        table = quarantine_table(store, version)
        gone = {row.key for row in held_rows(selection.of(table))}
        is_kept = pa.array([row.key not in gone for row in held_rows(table)], pa.bool_())
        kept = table.filter(is_kept)
        if version is not None and len(kept) < len(table):
            store.commit(QUARANTINE.name, kept, note={"made_by": "discard"}, base=version)
        return len(table) - len(kept)

    return _attempted(commit)


def _attempted(commit: Callable[[], Made]) -> Made:
    """Begin again where another writer was faster. Raises Conflict where it always was."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return commit()
        except Conflict:
            continue
    return commit()


def _said(table: pa.Table) -> list[str]:
    return sorted(json.dumps(row, default=str) for row in table.select(_SAYS).to_pylist())
