"""A derived asset's rows on their way to its next version: checked as they come, a batch in memory
at a time where they are many."""

from collections.abc import Iterator
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc
from deltalake.exceptions import DeltaError

from mercato.core.errors import ChecksFailed
from mercato.data.asset import Asset
from mercato.data.checks import Rows, first_failures
from mercato.data.store import AssetStore

_IN_MEMORY = 256 * 1024**2
"""Bytes of rows that are committed at once, and so in their order."""


def commit_made(
    store: AssetStore, asset: Asset, rows: pa.RecordBatchReader, note: dict[str, str]
) -> int:
    """Commit the rows, which are in the order of the asset's keys; the version's number.

    Raises ChecksFailed where a row fails a check of the asset, or its key is not unique; then
    nothing is committed.
    """
    checked = _Checked(asset, rows)
    batches = checked.batches()
    first: list[pa.RecordBatch] = []
    for batch in batches:
        first.append(batch)
        if sum(each.nbytes for each in first) > _IN_MEMORY:
            break
    else:
        table = pa.Table.from_batches(first, rows.schema)
        return store.commit(asset.name, table, note=note, by_key=True)
    reader = pa.RecordBatchReader.from_batches(rows.schema, chain(first, batches))
    del first
    try:
        return store.commit(asset.name, reader, note=note, by_key=True)
    except (DeltaError, pa.ArrowException, OSError, ValueError):
        if checked.failure is not None:  # delta-rs tells what stopped its reader in its own words
            raise checked.failure from None
        raise


class _Checked:
    """Rows that pass; ``failure`` says why there are no more."""

    def __init__(self, asset: Asset, rows: pa.RecordBatchReader) -> None:
        self._asset = asset
        self._rows = rows
        self._last: pa.Table | None = None
        self.failure: ChecksFailed | None = None

    def batches(self) -> Iterator[pa.RecordBatch]:
        for batch in self._rows:
            try:
                self._check(batch)
            except ChecksFailed as failure:
                self.failure = failure
                raise
            yield batch

    def _check(self, batch: pa.RecordBatch) -> None:
        asset = self._asset
        failed = first_failures(Rows({}, batch), asset.checks).drop_null()
        if len(failed):
            check = asset.checks[failed[0].as_py()]
            found = f"{len(failed):,} rows that fail {check.name}"
            raise ChecksFailed(f"{check.expected} in {asset.name}", found, check.remedy)
        keys = pa.Table.from_batches([batch]).select(list(asset.keys))
        if repeated := _repeated(keys if self._last is None else _joined(self._last, keys)):
            raise ChecksFailed(
                f"one row a {' and '.join(asset.keys)} in {asset.name}",
                f"{repeated:,} rows too many",
                "Check the inputs' keys.",
            )
        if len(keys):
            self._last = keys.slice(len(keys) - 1)


def _joined(last: pa.Table, keys: pa.Table) -> pa.Table:
    return pa.concat_tables([last, keys]).combine_chunks()


def _repeated(keys: pa.Table) -> int:
    """Rows that equal the one before them; nulls equal nulls."""
    if len(keys) < 2:
        return 0
    same = pa.scalar(True)
    for column in keys.columns:
        here, before = column.slice(1), column.slice(0, len(column) - 1)
        nulls = pc.and_(pc.is_null(here), pc.is_null(before))
        same = pc.and_(same, pc.or_(pc.fill_null(pc.equal(here, before), False), nulls))
    return int(pc.sum(same).as_py() or 0)
