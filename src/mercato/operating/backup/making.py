"""Makes a backup: all of it, checked, or nothing at its place."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mercato.core.errors import WrongUse
from mercato.core.paths import ShopPaths
from mercato.core.progress import Progress
from mercato.core.settings import load_settings
from mercato.operating.backup.archive import read_archive, write_archive
from mercato.operating.backup.holding import held_folder, hold, sync
from mercato.operating.backup.manifest import Manifest
from mercato.operating.backup.seal import check_seal
from mercato.operating.backup.snapshot import snapshot

_PARTS = ".backup"
"""In the shop's folder: links to the files that a running backup reads."""


def make_backup(root: Path, file: Path, progress: Progress) -> Manifest:
    """Write the shop in ``root``, which may be served meanwhile, into ``file``.

    The file appears under its name once it is whole, was read back and compared. Raises NotFound
    where there is no shop, WrongUse where the file is there already, Busy where another backup is
    at work, Changing where the shop's files were not left alone.
    """
    if file.exists():
        raise WrongUse(f"a new file at {file}", "one that is there", "Name another one.")
    paths = ShopPaths(root)
    load_settings(paths.settings)
    with held_folder(root / _PARTS) as parts, _partial(file) as (part, stream):
        folder, found = snapshot(paths, parts, progress)
        total = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
        with progress.step("Writing the backup", total) as step:
            manifest = write_archive(stream, folder, found, step)
            stream.flush()
            os.fsync(stream.fileno())
            step.note(f"{stream.tell() / 1e6:,.0f} MB of {total / 1e6:,.0f} MB")
        verify_backup(part, progress)
        part.rename(file)
        sync(file.parent)
    return manifest


def verify_backup(file: Path, progress: Progress) -> Manifest:
    """Compare a backup and each of its members with their checksums; what it holds.

    Raises NotFound, BadInput or ChecksFailed, which say what is wrong.
    """
    seal = check_seal(file, progress)
    with progress.step("Checking what is in it", seal.unpacked) as step:
        return read_archive(file, seal, None, step)


@contextmanager
def _partial(file: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A file beside ``file``, empty and nobody else's; gone afterwards, unless it was renamed.
    Only its owner may read it: it holds what the shop knows of persons.

    Raises Busy where another process is writing it.
    """
    part = file.with_name(f".{file.name}.partial")
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as stream:
        hold(stream.fileno(), part)
        stream.truncate(0)
        try:
            yield part, stream
        finally:
            if part.exists() and os.path.samestat(os.fstat(stream.fileno()), part.stat()):
                part.unlink()
