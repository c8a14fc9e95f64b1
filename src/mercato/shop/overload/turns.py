"""Which requests of a worker are answered at once, which wait, and which are to come again."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from contextvars import copy_context
from typing import TypeVar

from mercato.core.errors import BadInput, Overloaded
from mercato.core.settings import ServeSettings
from mercato.core.tracing import span
from mercato.shop.overload.controller import Controller, Load, Thresholds
from mercato.shop.overload.levels import Level, Turn, current_turn

Answer = TypeVar("Answer")

_log = logging.getLogger(__name__)

TICK_SECONDS = 0.1
"""Between two looks at the load."""

LAGS = 3
"""Ticks in a row that must come late: one does whenever a release is opened."""


class Turns:
    """The requests of one worker that search, fill shelves or show pages.

    They are answered by one thread or a few, since threads that compute in Python only take turns,
    and the event loop waits for its turn among them. What more comes waits in order, up to a limit.
    """

    def __init__(self, settings: ServeSettings) -> None:
        _check(settings)
        self.settings = settings
        self.lag_seconds = 0.0
        self.refused = 0
        self._controller = Controller(
            Thresholds(settings.degrade_in_flight, settings.degrade_lag_ms / 1000)
        )
        self._threads = ThreadPoolExecutor(settings.at_once, thread_name_prefix="answering")
        self._lock = threading.Lock()
        self._in_flight = 0
        self._least = 0
        self._lags: deque[float] = deque([0.0] * LAGS, maxlen=LAGS)

    @property
    def level(self) -> Level:
        return self._controller.level

    @property
    def in_flight(self) -> int:
        return self._in_flight

    @property
    def full(self) -> bool:
        """Whether one more request would be refused."""
        return self.settings.degrade and self._in_flight >= self.settings.most_in_flight

    async def run(self, work: Callable[[], Answer]) -> Answer:
        """What ``work`` returns, done in its turn in another thread, in this context.

        Raises Overloaded at once where too many wait already.
        """
        with self._lock:
            if self.full:
                self.refused += 1
                raise self.refusal()
            self._in_flight += 1
        turn = current_turn()
        try:
            loop = asyncio.get_running_loop()
            with span("answer"):
                context = copy_context()
                return await loop.run_in_executor(self._threads, context.run, self._do, turn, work)
        finally:
            with self._lock:
                self._in_flight -= 1
                self._least = min(self._least, self._in_flight)

    def refusal(self) -> Overloaded:
        """What is said to a request that comes when it is `full`."""
        return Overloaded(
            f"at most {self.settings.most_in_flight} requests at the same time",
            "more than this server can answer",
            "Send the request again in a second.",
        )

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Meanwhile the level follows the load, where the settings want it to."""
        watching = asyncio.create_task(self._watch()) if self.settings.degrade else None
        try:
            yield
        finally:
            if watching is not None:
                watching.cancel()
                with suppress(asyncio.CancelledError):
                    await watching

    def close(self) -> None:
        """Let go of the threads once they are done."""
        self._threads.shutdown(wait=False)

    async def _watch(self) -> None:
        due = time.monotonic()
        while True:
            due += TICK_SECONDS
            await asyncio.sleep(due - time.monotonic())
            now = time.monotonic()
            self.look(now - due, now)
            due = now

    def look(self, lag_seconds: float, now: float) -> None:
        """Take up the load since the last look.

        lag_seconds : by which this look comes too late
        now         : seconds on a clock that does not fall
        """
        self.lag_seconds = max(lag_seconds, 0.0)
        self._lags.append(self.lag_seconds)
        with self._lock:
            load = Load(self._least, min(self._lags))
            self._least = self._in_flight
        before = self.level
        self._controller = self._controller.after(load, now)
        if self.level != before:
            _log.warning(
                "answers go from %s to %s: %d requests in flight, event loop %.0f ms late",
                before.name,
                self.level.name,
                load.in_flight,
                load.lag_seconds * 1e3,
            )

    def _do(self, turn: Turn, work: Callable[[], Answer]) -> Answer:
        turn.level = self.level
        return work()


def _check(settings: ServeSettings) -> None:
    for name in ("at_once", "degrade_in_flight", "degrade_lag_ms", "most_in_flight"):
        if getattr(settings, name) < 1:
            raise BadInput(f"serve.{name} from 1", str(getattr(settings, name)), "Mend shop.toml.")
