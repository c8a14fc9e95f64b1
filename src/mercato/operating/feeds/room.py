"""The place of a shop's downloads: one process at a time, and nothing is left behind."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from mercato.core.paths import ShopPaths
from mercato.core.progress import Progress

_LOCK = ".lock"


@contextmanager
def one_at_a_time(paths: ShopPaths, waiting: Progress | None = None) -> Iterator[bool]:
    """Whether this process may fetch: the shop's other processes then may not.

    waiting : shows that another process is waited for; without it nobody is waited for
    """
    paths.fetched.mkdir(parents=True, exist_ok=True)
    with (paths.fetched / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting is None:
                yield False
                return
            with waiting.step("Waiting for another process that fetches"):
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield True


def tidy(paths: ShopPaths) -> None:
    """Remove what was fetched, also by a process that was killed."""
    for left in paths.fetched.iterdir():
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
