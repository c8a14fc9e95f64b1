"""Answers that were given lately, for when there is no time to make them anew."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")

SECONDS = 30.0
"""So old an answer may be. Its items are looked up anew: what was withdrawn is not shown, prices
and stock are today's. Assumed."""

MOST = 1_000
"""Answers kept, some 5 kB each."""


class Kept(Generic[Value]):
    """At most ``most`` values, the newest, none older than ``seconds``; safe to share by threads.

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
        self._values: OrderedDict[Hashable, tuple[float, Value]] = OrderedDict()

    def get(self, key: Hashable) -> Value | None:
        """None where none is kept that is new enough."""
        with self._lock:
            at, value = self._values.get(key, (float("-inf"), None))
            if self._clock() - at > self._seconds:
                self.misses += 1
                return None
            self.hits += 1
            return value

    def put(self, key: Hashable, value: Value) -> None:
        with self._lock:
            self._values[key] = (self._clock(), value)
            self._values.move_to_end(key)
            if len(self._values) > self._most:
                self._values.popitem(last=False)
