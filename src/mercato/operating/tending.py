"""What a worker does for the catalogue in memory, beside its requests."""

import fcntl
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mercato.shop.encoding import encode_awaiting
from mercato.shop.opened import Shop

COMPACT_SECONDS = 5.0
"""Between two looks for dead rows."""

ENCODE_SECONDS = 0.1
"""Between two looks for texts that wait for their vectors."""

MOST_ENCODED = 256
"""Texts encoded between two looks, some 0.4 s: so long may a server have to wait for its end."""

_NICE = 10

_LOCK = "state.db-encoding"


class Encoding:
    """Encodes texts that wait; of several workers' threads one at a time."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._is_nice = False

    def look(self) -> None:
        """Encode some of the texts that wait, if no other worker does."""
        if not self._shop.live.catalogue.awaiting(1):
            return
        self._stand_back()
        with self._turn() as is_mine:
            if is_mine:
                self._shop.refresh()
                encode_awaiting(self._shop, MOST_ENCODED)

    @contextmanager
    def _turn(self) -> Iterator[bool]:
        with (self._shop.paths.root / _LOCK).open("wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def _stand_back(self) -> None:
        """Let requests go first: on Linux a thread has a priority of its own."""
        if not self._is_nice and sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        self._is_nice = True
