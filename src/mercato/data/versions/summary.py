"""What a version of an asset is, told from its log alone: no data file is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from mercato.core.errors import NotFound
from mercato.data.asset import Asset
from mercato.data.assets import ASSETS
from mercato.data.provenance import HIDDEN
from mercato.data.store import AssetStore, Version, file_names
from mercato.data.versions.notes import UPKEEP, Origin, origin

_GLANCE = 8
"""Newest commits that are read first, to find the last one that changed rows."""


@dataclass(frozen=True)
class Summary:
    """One version of an asset.

    committed_at : when its rows last changed; None where the log no longer tells
    size         : of its files, in bytes
    """

    name: str
    version: int
    committed_at: datetime | None
    rows: int
    files: int
    size: int
    origin: Origin


_NEWEST: dict[tuple[object, str], tuple[tuple[object, int], Summary]] = {}
"""Of the stores that this process reads: which table and version, and what it is."""


def summaries(store: AssetStore, at: datetime | None = None) -> list[Summary]:
    """Every asset's newest version, or the one that was current ``at`` a time; inputs first."""
    there = store.names()
    ordered = [name for name in ASSETS if name in there]
    ordered += [name for name in there if name not in ASSETS]
    if at is None:
        return [_newest(store, name) for name in ordered]
    versions = ((name, version_at(store, name, at)) for name in ordered)
    return [summary(store, name, version) for name, version in versions if version is not None]


def _newest(store: AssetStore, name: str) -> Summary:
    """Worked out once a version: a log of many commits takes 20 ms to read."""
    table = store.open(name)
    same = (table.metadata().id, table.version())
    kept = _NEWEST.get((store.root, name))
    if kept is None or kept[0] != same:
        kept = _NEWEST[store.root, name] = (same, summary(store, name))
    return kept[1]


def summary(store: AssetStore, name: str, version: int | None = None) -> Summary:
    """A version (default: the newest). Raises NotFound where there is no such version."""
    table = opened(store, name, version)
    actions = pa.table(table.get_add_actions())
    content = _content_commit(store, name, table.version())
    return Summary(
        name=name,
        version=table.version(),
        committed_at=None if content is None else content.ts,
        rows=table.count(),
        files=len(actions),
        size=sum(actions["size_bytes"].to_pylist()),
        origin=origin({} if content is None else content.note),
    )


def declared(name: str) -> Asset:
    """What an asset says of itself. Raises NotFound where there is no such asset."""
    if name not in ASSETS:
        raise NotFound(f"an asset out of {', '.join(ASSETS)}", repr(name), "Name one of those.")
    return ASSETS[name]


def version_at(store: AssetStore, name: str, at: datetime) -> int | None:
    """The version that was current at a time; None where the asset came later."""
    before = (each.version for each in store.history(name) if each.ts <= at)
    return next(before, None)


def schema_of(store: AssetStore, name: str, version: int | None = None) -> pa.Schema:
    """The columns of a version, without the hidden ones."""
    fields = pa.schema(opened(store, name, version).schema().to_arrow())
    return pa.schema([field for field in fields if not field.name.startswith(HIDDEN)])


def opened(store: AssetStore, name: str, version: int | None = None) -> DeltaTable:
    """The table at a version whose files are all still there. Raises NotFound."""
    newest = store.version(name)
    if newest is None:
        known = ", ".join(store.names()) or "no asset at all"
        raise NotFound(f"an asset {name!r}", known, "Import or build it first.")
    if version is None:
        return store.open(name)
    table = _at(store, name, version) if 0 <= version <= newest else None
    if table is None:
        oldest = min(each.version for each in store.history(name))
        found = f"versions {oldest} to {newest}"
        raise NotFound(f"version {version} of asset {name!r}", found, "Name one of those.")
    if missing := missing_files(store, name, table):
        raise NotFound(
            f"version {version} of asset {name!r}",
            f"{len(missing)} of its files were removed by a vacuum",
            "Keep versions for longer: keep_days under [assets] in shop.toml.",
        )
    return table


def _at(store: AssetStore, name: str, version: int) -> DeltaTable | None:
    """None where the log no longer reaches back to the version."""
    try:
        return store.opened(name, version)
    except DeltaError:
        return None


def is_readable(store: AssetStore, name: str, version: int) -> bool:
    """Whether all files of a version are still there."""
    try:
        opened(store, name, version)
    except NotFound:
        return False
    return True


def rows_version(store: AssetStore, name: str, version: int) -> int:
    """The version that made the rows of ``version``: upkeep makes versions that hold the same."""
    commit = _content_commit(store, name, version)
    return version if commit is None else commit.version


def origin_of(store: AssetStore, name: str, version: int) -> Origin:
    """What the rows of a version were made from."""
    commit = _content_commit(store, name, version)
    return origin({} if commit is None else commit.note)


def opened_files(store: AssetStore, name: str, version: int | None = None) -> list[str]:
    """The Parquet files of a version, all of them there. Raises NotFound."""
    names = file_names(opened(store, name, version))
    return [str(path) for path in store.storage.copies(name, names)]


def missing_files(store: AssetStore, name: str, table: DeltaTable) -> Sequence[str]:
    """Files of a version that a vacuum took away."""
    there = {entry.name for entry in store.storage.entries(name)}
    return [file for file in file_names(table) if file not in there]


def _content_commit(store: AssetStore, name: str, version: int) -> Version | None:
    """The commit that made the rows of a version; None where its log entry is gone."""
    for limit in (_GLANCE, None):
        for commit in store.history(name, limit):
            if commit.version <= version and commit.note.get("made_by") not in UPKEEP:
                return commit
    return None
