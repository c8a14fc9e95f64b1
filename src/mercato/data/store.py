"""Versioned tables of a shop: Delta Lake under ``<shop>/assets/<name>``, or in object storage.

A commit is atomic: readers see the version before it or the version after it, whole, also when
the writer is killed (Armbrust et al., Delta Lake, VLDB 2020).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pyarrow as pa
from deltalake import (
    CommitProperties,
    DeltaTable,
    PostCommitHookProperties,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from mercato.core.errors import NotFound
from mercato.core.paths import Location
from mercato.data.provenance import HIDDEN
from mercato.data.storage.choosing import storage_of
from mercato.data.storage.protocol import LOG as LOG
from mercato.data.storage.protocol import Conflict as Conflict
from mercato.data.storage.protocol import Storage

NOTE = "mercato"
"""The key of our notes in a commit's metadata."""

_HOOKS = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)
"""By itself delta-rs forgets entries of the log after 30 days, and with them versions that a
release was made from; `mercato.data.versions.retention` knows which may go."""

_AS_THEY_COME = WriterProperties(compression="SNAPPY")
"""As delta-rs does by itself."""

_BY_KEY = WriterProperties(compression="SNAPPY", max_row_group_size=16_384)
"""Rows that are read together: whoever looks for one by its key reads no more (`data.lookup`)."""

Mode = Literal["overwrite", "append"]

_SCHEMA_MODE: dict[Mode, Literal["merge", "overwrite"]] = {
    "append": "merge",
    "overwrite": "overwrite",
}
"""A newer Mercato may have added columns."""


@dataclass(frozen=True)
class Version:
    """One commit of an asset.

    rows : rows that the commit added; None for commits that add none
    """

    version: int
    ts: datetime
    rows: int | None
    note: Mapping[str, str]


@dataclass(frozen=True)
class AssetStore:
    """The assets at ``root``; safe to use by many processes at once."""

    root: Location

    @property
    def storage(self) -> Storage:
        return storage_of(self.root)

    @property
    def shop(self) -> Path:
        """The shop's folder."""
        return self.storage.shop

    def names(self) -> tuple[str, ...]:
        """The assets that have a version, in alphabetical order."""
        return tuple(self.storage.folders(LOG))

    def size(self) -> int:
        """Bytes of the data files of all versions."""
        found = self.storage.entries("")
        return sum(entry.size for entry in found if entry.name.endswith(".parquet"))

    def version(self, name: str) -> int | None:
        """The newest version; None where the asset was never committed."""
        table = self._table(name)
        return None if table is None else table.version()

    def files(self, name: str, version: int | None = None) -> list[str]:
        """The Parquet files that make up a version (default: the newest), on this machine."""
        names = file_names(self.open(name, version))
        return [str(path) for path in self.storage.copies(name, names)]

    def read(
        self,
        name: str,
        version: int | None = None,
        columns: Sequence[str] | None = None,
        *,
        hidden: bool = False,
    ) -> pa.Table:
        """A version (default: the newest) as one table.

        columns : those that are wanted; by default all, the ``hidden`` ones where asked for

        Raises NotFound where the asset or the version does not exist.
        """
        table = self.open(name, version)
        self.storage.copies(name, file_names(table))
        stored = [field.name for field in table.schema().fields]
        shown = [each for each in stored if hidden or not each.startswith(HIDDEN)]
        return table.to_pyarrow_table(columns=shown if columns is None else list(columns))

    def commit(
        self,
        name: str,
        data: pa.Table | pa.RecordBatchReader,
        *,
        mode: Mode = "overwrite",
        note: Mapping[str, str] | None = None,
        transaction: tuple[str, int] | None = None,
        base: int | None = None,
        by_key: bool = False,
    ) -> int:
        """Write ``data`` as the next version, durably, and return its number.

        A table's rows keep their order; a reader's batches may come to lie in another.

        note        : what it was made from; read back by `history`
        transaction : (application, number) is remembered with the commit, see `transaction`
        base        : only commit over this version; -1 where there must be none yet
        by_key      : rows come in the order of a key, and will be looked for by it

        Raises Conflict where the newest version is not ``base``, or another writer was faster;
        BadInput where the folder's path cannot hold a table.
        """
        self.storage.prepare(name)
        table = self._writable(name)
        newest = -1 if table is None else table.version()
        if base is not None and base != newest:
            raise _conflict(name, base, newest)
        transactions = [Transaction(*transaction)] if transaction else None
        try:
            with self.storage.delta():
                write_deltalake(
                    self.storage.uri(name) if table is None else table,
                    data.combine_chunks() if isinstance(data, pa.Table) else data,
                    mode="error" if table is None else mode,
                    schema_mode=None if table is None else _SCHEMA_MODE[mode],
                    commit_properties=CommitProperties(
                        custom_metadata={NOTE: json.dumps(dict(note or {}))},
                        app_transactions=transactions,
                        max_commit_retries=0 if base is not None or transaction else None,
                    ),
                    post_commithook_properties=_HOOKS,
                    writer_properties=_BY_KEY if by_key else _AS_THEY_COME,
                    storage_options=self.storage.options() if table is None else None,
                )
        except DeltaError as error:
            made_meanwhile = table is None and self.version(name) is not None
            if made_meanwhile or isinstance(error, CommitFailedError):
                raise _conflict(name, newest, self.version(name)) from None
            raise
        written = self.version(name) if table is None else table.version()
        assert written is not None
        self.storage.flush(name, written)
        return written

    def transaction(self, name: str, application: str, version: int | None = None) -> int | None:
        """The number of the last commit of ``application`` to an asset, up to a version (default:
        the newest); None before the first."""
        table = self._table(name) if version is None else self.open(name, version)
        return None if table is None else table.transaction_version(application)

    def history(self, name: str, limit: int | None = None) -> list[Version]:
        """The commits of an asset, newest first; empty where there is none."""
        table = self._table(name)
        return [] if table is None else [_version(commit) for commit in table.history(limit)]

    def open(self, name: str, version: int | None = None) -> DeltaTable:
        """A version (default: the newest), to read it. Raises NotFound where there is none."""
        table = self._table(name)
        if table is None:
            known = ", ".join(self.names()) or "no asset at all"
            raise NotFound(f"an asset {name!r}", known, "Import or build it first.")
        if version is not None and not 0 <= version <= table.version():
            found = f"versions 0 to {table.version()}"
            raise NotFound(f"version {version} of asset {name!r}", found, "Name one of those.")
        if version is None or version == table.version():
            return table
        try:
            return self.opened(name, version)
        except DeltaError:
            found = "a log that was shortened since"
            raise NotFound(
                f"version {version} of asset {name!r}", found, "Name a newer one."
            ) from None

    def opened(self, name: str, version: int | None = None) -> DeltaTable:
        """As `open`, but raises what delta-rs raises where there is none."""
        return DeltaTable(self.storage.readable(name), version=version)

    def writable(self, name: str, version: int | None = None) -> DeltaTable:
        """A version (default: the newest), to commit over it. Raises NotFound where there is
        none."""
        table = self._writable(name, version)
        return self.open(name, version) if table is None else table

    def _writable(self, name: str, version: int | None = None) -> DeltaTable | None:
        try:
            with self.storage.delta():
                return DeltaTable(
                    self.storage.uri(name), version=version, storage_options=self.storage.options()
                )
        except TableNotFoundError:
            return None

    def _table(self, name: str) -> DeltaTable | None:
        try:
            return self.opened(name)
        except TableNotFoundError:
            return None


def file_names(table: DeltaTable) -> list[str]:
    """Of the Parquet files that make up a version, below the table's folder."""
    return sorted(Path(uri).name for uri in table.file_uris())


def _version(commit: dict[str, object]) -> Version:
    metrics = commit.get("operationMetrics")
    added = metrics.get("num_added_rows") if isinstance(metrics, dict) else None
    return Version(
        version=int(str(commit["version"])),
        ts=datetime.fromtimestamp(int(str(commit["timestamp"])) / 1000, UTC),
        rows=None if added is None else int(added),
        note=json.loads(str(commit.get(NOTE, "{}"))),
    )


def _conflict(name: str, base: int, newest: int | None) -> Conflict:
    return Conflict(
        f"asset {name} at version {base}", f"version {newest}", "Run the command again."
    )
