"""A folder that one process has for itself, and that a killed one leaves to the next."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mercato.core.errors import MercatoError


class Busy(MercatoError):
    """Another process is at the same work; nothing of ours was begun."""

    status = 409
    title = "Somebody else is at it"


@contextmanager
def held_folder(folder: Path) -> Iterator[Path]:
    """``folder``, empty and nobody else's; gone afterwards, unless it was moved away.

    Raises Busy where another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        hold(descriptor, folder)
        _empty(folder)
        try:
            yield folder
        finally:
            if _is_at(descriptor, folder):
                shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def hold(descriptor: int, place: Path) -> None:
    """Lock an open file or folder. Raises Busy where another process has, or had and moved it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pass
    else:
        if _is_at(descriptor, place):
            return
    raise Busy(
        f"nobody else at work in {place}", "another process", "Wait for it, then run it again."
    )


def sync(place: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_at(descriptor: int, place: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), place.lstat())
    except FileNotFoundError:
        return False


def _empty(folder: Path) -> None:
    for left in folder.iterdir():
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()
