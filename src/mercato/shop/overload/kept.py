"""Answers that were given lately, for when there is no time to make them anew."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")

SECONDS = 30.0
"""So old an answer may be. Its items are looked up anew: what was withdrawn is not shown, prices
and stock are today's. Assumed."""

MOST = 100_000
"""Of hits, cards and counts of facets together, some 10 MB: facets may have thousands of values."""


class Kept(Generic[Value]):
    """The newest values, none older than ``seconds``, of a size of ``most`` together; safe to share
    by threads. What is too old is let go of when the next comes.

    hits, misses : how often there was one, and was none
    """

    def __init__(
        self,
        most: int = MOST,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.hits = 0
        self.misses = 0
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, tuple[float, Value, int]] = OrderedDict()
        self._size = 0

    def get(self, key: Hashable) -> Value | None:
        """None where none is kept that is new enough."""
        with self._lock:
            at, value, _ = self._values.get(key, (float("-inf"), None, 0))
            if self._clock() - at > self._seconds:
                self.misses += 1
                return None
            self.hits += 1
            return value

    def put(self, key: Hashable, value: Value, size: int = 1) -> None:
        """Keep a value; one that is larger than all may be is not kept."""
        now = self._clock()
        with self._lock:
            self._size -= self._values.pop(key, (0.0, value, 0))[2]
            self._values[key] = (now, value, size)
            self._size += size
            while self._size > self._most or self._oldest() < now - self._seconds:
                self._size -= self._values.popitem(last=False)[1][2]

    def _oldest(self) -> float:
        return next(iter(self._values.values()))[0] if self._values else math.inf
