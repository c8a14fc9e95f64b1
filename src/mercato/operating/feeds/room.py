"""The place of a shop's downloads: one process at a time, and nothing is left behind."""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from mercato.core.paths import ShopPaths
from mercato.core.progress import Progress
from mercato.state import alone

_WORK = "feeds"
_LOOK_SECONDS = 0.2
"""Between two looks whether the process that is waited for is done."""


@contextmanager
def one_at_a_time(paths: ShopPaths, url: str, waiting: Progress | None = None) -> Iterator[bool]:
    """Whether this process may fetch: the shop's others, on whichever host, then may not.

    url     : of the shop's state
    waiting : shows that another process is waited for; without it nobody is waited for
    """
    paths.fetched.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        ours = held.enter_context(alone(url, paths.root, _WORK))
        if not ours and waiting is not None:
            with waiting.step("Waiting for another process that fetches"):
                while not ours:
                    held.close()
                    time.sleep(_LOOK_SECONDS)
                    ours = held.enter_context(alone(url, paths.root, _WORK))
        yield ours


def tidy(paths: ShopPaths) -> None:
    """Remove what was fetched, also by a process that was killed."""
    for left in paths.fetched.iterdir():
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
