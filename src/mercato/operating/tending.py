"""What a worker does for the catalogue in memory, beside its requests."""

import os
import sys
import threading

from mercato.shop.encoding import encode_awaiting
from mercato.shop.opened import Shop

COMPACT_SECONDS = 5.0
"""Between two looks for dead rows."""

ENCODE_SECONDS = 0.1
"""Between two looks for texts that wait for their vectors."""

MOST_ENCODED = 256
"""Texts encoded between two looks, some 0.4 s: so long may a server have to wait for its end."""

_NICE = 10


class Encoding:
    """Encodes texts that wait; of the threads of all workers and hosts one at a time."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._is_nice = False

    def look(self) -> None:
        """Encode some of the texts that wait, if no other worker does."""
        if not self._shop.live.catalogue.awaiting(1):
            return
        self._stand_back()
        with self._shop.state.alone("encoding") as is_mine:
            if is_mine:
                self._shop.refresh()
                encode_awaiting(self._shop, MOST_ENCODED)

    def _stand_back(self) -> None:
        """Let requests go first: on Linux a thread has a priority of its own."""
        if not self._is_nice and sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        self._is_nice = True
