"""Folders for work in between: gone afterwards, also where a process before was killed at it."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOCK = "lock"


@contextmanager
def scratch_in(parent: Path) -> Iterator[Path]:
    """A folder of one's own in ``parent``, which holds nothing else.

    What killed processes left there is removed too: the lock of a process that lives is held.
    """
    parent.mkdir(parents=True, exist_ok=True)
    with _locked(parent / _LOCK):  # nobody tidies up between the making of a folder and its lock
        for left in parent.iterdir():
            if left.is_dir():
                _remove_if_abandoned(left)
        folder = Path(tempfile.mkdtemp(dir=parent))
        lock = (folder / _LOCK).open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
    with lock:
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_if_abandoned(folder: Path) -> None:
    try:
        with (folder / _LOCK).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return  # another process is at work there
    except FileNotFoundError:
        pass  # it was killed while it was made, or while it was removed
    shutil.rmtree(folder, ignore_errors=True)
