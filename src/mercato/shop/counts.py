"""How long each release takes to answer, and how often it fails."""

import math
import threading
from collections.abc import Mapping

from mercato.state.served import Served

_LEAST_MS = 0.01
"""An answer that took less counts as this: the logarithm of 0 is no number."""


class Counts:
    """Of one process, since it began. Safe to share by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: dict[int, Served] = {}

    def add(self, release: int, seconds: float, *, failed: bool) -> None:
        logarithm = math.log(max(seconds * 1e3, _LEAST_MS))
        one = Served(1, int(failed), logarithm, logarithm**2)
        with self._lock:
            self._of[release] = self._of.get(release, Served()) + one

    def so_far(self) -> Mapping[int, Served]:
        with self._lock:
            return dict(self._of)
