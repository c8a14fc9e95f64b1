"""Keeps files of an asset where nobody tidies them up: linked into another folder.

Files of a Delta table are never changed once they are written, only deleted, so a link is as good
as a copy (https://github.com/delta-io/delta/blob/master/PROTOCOL.md).
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

from mercato.core.errors import NotFound
from mercato.data.store import LOG, AssetStore

_HINT = "_last_checkpoint"
_OF_LOG = re.compile(r"(\d{20})(\.checkpoint)?(\.\d+\.\d+)?(\.[0-9a-f-]{36})?\.(json|parquet|crc)")
"""A commit, its checksum, or a checkpoint in one or several parts."""


def newest_version(store: AssetStore, name: str, fits: Callable[[int], bool]) -> int | None:
    """The newest version of an asset that ``fits``; None where none does."""
    newest = store.version(name)
    return next((v for v in range(-1 if newest is None else newest, -1, -1) if fits(v)), None)


def pin_asset(store: AssetStore, name: str, versions: Collection[int], folder: Path) -> None:
    """Link the files of these versions, and the log up to the newest of them, into ``folder``.

    Of older versions only what is still there. Raises FileNotFoundError where a file of the
    newest is missing, or goes while this runs.
    """
    newest = max(versions)
    log = folder / LOG
    log.mkdir(parents=True)
    needed = {Path(file) for file in store.files(name, newest)}
    older = (Path(file) for version in versions for file in _still_told(store, name, version))
    for file in sorted({*needed, *older}):
        if file in needed or file.exists():
            link(file, folder / file.name)
    of_log = [entry.name for entry in store.storage.entries(f"{name}/{LOG}")]
    named = ((each, _OF_LOG.fullmatch(each)) for each in of_log)
    entries = [each for each, found in named if found and int(found.group(1)) <= newest]
    for file in store.storage.copies(f"{name}/{LOG}", entries):
        link(file, log / file.name)
    hint = store.storage.read(f"{name}/{LOG}/{_HINT}")
    if hint is not None and json.loads(hint)["version"] <= newest:
        (log / _HINT).write_bytes(hint)


def _still_told(store: AssetStore, name: str, version: int) -> list[str]:
    """The files of a version; none where the log no longer reaches back to it."""
    try:
        return store.files(name, version)
    except NotFound:
        return []


def link(file: Path, place: Path) -> None:
    """Link a file, or copy it where the file system cannot."""
    try:
        os.link(file, place)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copy2(file, place)
