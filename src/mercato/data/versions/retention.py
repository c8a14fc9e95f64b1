"""Old versions of assets go, small files become large; what a kept release was made from stays.

Safe beside a running server and a running import: whoever has just begun to read a version finds
its files for as long as the retention lasts, and files of a commit that is not done yet are newer.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties
from deltalake.exceptions import CommitFailedError, DeltaError

from mercato.data.releases import ReleaseStore
from mercato.data.store import NOTE, AssetStore
from mercato.data.versions.logs import shorten_log
from mercato.data.versions.notes import COMPACT, VACUUM, origin
from mercato.data.versions.summary import version_at

SMALL = 64 << 20
"""Bytes below which files are joined; the drain of a busy shop appends some every half minute."""

_FEWEST = 4
"""So many small files are left as they are: joining them writes all of their rows again."""

_HOOKS = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)

T = TypeVar("T")

Kept = dict[str, set[int]]
"""Asset → its versions that must stay."""


@dataclass(frozen=True)
class Vacuumed:
    """What was done to one asset, or would be.

    joined  : small files that became large ones
    removed : files of old versions
    size    : of these, in bytes
    entries : of the log
    kept    : versions that a release was made from
    trouble : why something was left for the next time; empty where nothing was
    """

    asset: str
    joined: int
    removed: int
    size: int
    entries: int
    kept: tuple[int, ...]
    trouble: str = ""


def kept_versions(store: AssetStore, releases: ReleaseStore) -> Kept:
    """What the releases were made from, and what that was made from in its turn."""
    kept: Kept = {}
    waiting = [
        (name, version)
        for number in releases.numbers()
        for name, version in releases.manifest(number).inputs.items()
    ]
    notes = {
        name: {each.version: each.note for each in store.history(name)} for name in store.names()
    }
    while waiting:
        name, version = waiting.pop()
        if version in kept.setdefault(name, set()):
            continue
        kept[name].add(version)
        inputs = origin(notes.get(name, {}).get(version, {})).inputs
        waiting += [(of, at) for of, at in inputs.items() if at is not None]
    return kept


def vacuum(
    store: AssetStore, name: str, kept: Iterable[int], keep: timedelta, *, dry_run: bool = False
) -> Vacuumed:
    """Join small files of an asset, and remove files that no version of the last ``keep`` has.

    kept : versions that stay readable however old they are
    """
    known = {each.version for each in store.history(name)}
    stay = sorted(version for version in kept if version in known)
    trouble: list[str] = []
    joined = _tried(lambda: _join(store, name, dry_run), trouble)
    files = _tried(lambda: _remove(store, name, stay, keep, dry_run), trouble)
    removed, size = files or (0, 0)
    oldest = version_at(store, name, datetime.now(UTC) - keep) or 0
    entries = shorten_log(store, name, min([oldest, *stay]), dry_run=dry_run)
    return Vacuumed(name, joined or 0, removed, size, entries, tuple(stay), "; ".join(trouble))


def _tried(work: Callable[[], T], trouble: list[str]) -> T | None:
    """The result, or None where another writer was faster or a file could not be removed."""
    try:
        return work()
    except CommitFailedError:
        trouble.append("somebody else wrote at the same time")
    except (DeltaError, OSError) as error:
        trouble.append(str(error))
    return None


def _join(store: AssetStore, name: str, dry_run: bool) -> int:
    table = store.writable(name)
    small = sum(size < SMALL for size in _sizes(table))
    if small <= _FEWEST or dry_run:
        return small if small > _FEWEST else 0
    done = table.optimize.compact(
        target_size=SMALL, commit_properties=_said(COMPACT), post_commithook_properties=_HOOKS
    )
    return int(done["numFilesRemoved"])


def _sizes(table: DeltaTable) -> list[int]:
    return [int(size) for size in pa.table(table.get_add_actions())["size_bytes"].to_pylist()]


def _remove(
    store: AssetStore, name: str, stay: list[int], keep: timedelta, dry_run: bool
) -> tuple[int, int]:
    """(files, bytes); a commit is made only where there is something to remove."""
    hours = int(keep / timedelta(hours=1))

    def run(dry: bool) -> list[str]:
        return store.writable(name).vacuum(
            retention_hours=hours,
            dry_run=dry,
            enforce_retention_duration=False,
            full=True,  # what killed imports left behind too
            keep_versions=stay or None,
            commit_properties=_said(VACUUM),
            post_commithook_properties=_HOOKS,
        )

    # The log remembers files that went long ago too.
    sizes = {entry.name: entry.size for entry in store.storage.entries(name)}
    found = [file for each in run(True) if (file := Path(each).name) in sizes]
    size = sum(sizes[file] for file in found)
    if found and not dry_run:
        run(False)
        store.storage.sweep()
    return len(found), size


def _said(made_by: str) -> CommitProperties:
    return CommitProperties(custom_metadata={NOTE: f'{{"made_by": "{made_by}"}}'})
