"""One process at a time learns in a shop."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from mercato.core.errors import NotReady
from mercato.core.paths import ShopPaths

_LOCK = "state.db-learning"


@contextmanager
def alone(paths: ShopPaths) -> Iterator[None]:
    """Raises NotReady while another process learns."""
    with (paths.root / _LOCK).open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotReady(
                "one process that learns at a time",
                f"another one at work in {paths.root}",
                "Wait until it is done, or stop it; what it has finished is kept.",
            ) from None
        yield
