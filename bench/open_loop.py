"""Requests that arrive by a schedule, whether or not those before them are answered.

Latency is counted from the scheduled moment, so that a server which stands still for a second is
charged for all that would have come in that second (no coordinated omission: Tene, How not to
measure latency, 2013). Requests are bytes made beforehand, and of an answer no more is read than
where it ends, so that the sender takes little from a server on the same machine.
"""

import asyncio
import math
import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import cast

import uvloop

MOST_CONNECTIONS = 2_000
"""What would need more waits; its waiting counts."""

IDLE_SECONDS = 4.0
"""A connection that was idle for longer is not used again: the server closes it after five, and a
request that is sent in that moment would be nobody's."""

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_DEGRADED = b"\r\nmercato-degraded:"

FAILED = 0
"""In place of a status: the connection broke, or nobody was there."""


@dataclass(frozen=True)
class Answered:
    """What became of one request.

    kind     : its name in `Request`
    at       : seconds from the beginning at which it was due
    seconds  : from then until the whole answer was there
    """

    kind: str
    at: float
    seconds: float
    status: int
    degraded: bool


@dataclass(frozen=True)
class Request:
    kind: str
    content: bytes


@dataclass
class Outcome:
    """seconds : that the whole took; own_cpu : seconds of processor that the sender took"""

    answered: list[Answered] = field(default_factory=list)
    seconds: float = 0.0
    own_cpu: float = 0.0


def get(kind: str, path: str) -> Request:
    return Request(kind, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


def send(kind: str, method: str, path: str, body: bytes) -> Request:
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    return Request(kind, head.encode() + body)


def at_rate(rate: float, seconds: float, seed: int) -> Iterator[float]:
    """Moments of a Poisson process, in seconds from its beginning."""
    chance, at = random.Random(seed), 0.0
    while (at := at - math.log(1 - chance.random()) / rate) < seconds:
        yield at


class _Connection(asyncio.Protocol):
    """One request at a time; ``done(status, degraded)`` is called once it is answered."""

    def __init__(self, crowd: "_Crowd") -> None:
        self._crowd = crowd
        self._transport: asyncio.Transport | None = None
        self._done: Callable[[int, bool], None] | None = None
        self._read = bytearray()
        self.idle_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def ask(self, content: bytes, done: Callable[[int, bool], None]) -> None:
        assert self._transport is not None
        self._done = done
        self._transport.write(content)

    def data_received(self, data: bytes) -> None:
        self._read += data
        head = self._read.find(_END)
        if head < 0:
            return
        lines = bytes(self._read[:head]).lower()
        length = lines.partition(_LENGTH)[2].partition(b"\r\n")[0]
        # 204 has neither a body nor its length.
        if len(self._read) < head + len(_END) + (int(length) if length else 0):
            return
        self._read.clear()
        self._settle(int(lines[9:12]), _DEGRADED in lines)
        self.idle_since = time.perf_counter()
        self._crowd.free.append(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._crowd.open -= 1
        if self in self._crowd.free:
            self._crowd.free.remove(self)
        self._settle(FAILED, False)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _settle(self, status: int, degraded: bool) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(status, degraded)


class _Crowd:
    """Connections to one server, opened as they are needed. They take turns, as those of many
    shoppers do: the last one used again and again would ask one worker alone."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.open = 0
        self.free: deque[_Connection] = deque()

    async def ask(self, content: bytes) -> tuple[int, bool]:
        """The status, and whether the answer lacked something."""
        answered: asyncio.Future[tuple[int, bool]] = asyncio.get_running_loop().create_future()
        try:
            connection = await self._connection()
        except OSError:
            return FAILED, False
        connection.ask(content, lambda *found: answered.set_result(found))
        return await answered

    async def _connection(self) -> _Connection:
        while True:
            while self.free:
                connection = self.free.popleft()
                if time.perf_counter() - connection.idle_since < IDLE_SECONDS:
                    return connection
                connection.close()
            if self.open < MOST_CONNECTIONS:
                break
            await asyncio.sleep(0.001)
        self.open += 1
        loop = asyncio.get_running_loop()
        try:
            made = await loop.create_connection(lambda: _Connection(self), self.host, self.port)
        except OSError:
            self.open -= 1
            raise
        return made[1]


def by_schedule(
    host: str, port: int, requests: Iterator[Request], moments: Iterable[float]
) -> Outcome:
    """Send one of the requests at each of the moments, in seconds from now."""
    return uvloop.run(_by_schedule(_Crowd(host, port), requests, moments))


async def _by_schedule(
    crowd: _Crowd, requests: Iterator[Request], moments: Iterable[float]
) -> Outcome:
    outcome, running = Outcome(), set()
    cpu, begun = time.process_time(), time.perf_counter()

    async def one(request: Request, at: float) -> None:
        status, degraded = await crowd.ask(request.content)
        seconds = time.perf_counter() - begun - at
        outcome.answered.append(Answered(request.kind, at, seconds, status, degraded))

    for at in moments:
        wait = begun + at - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(one(next(requests), at))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)
    return _ended(outcome, crowd, begun, cpu)


def as_answered(
    host: str, port: int, requests: Iterator[Request], clients: int, seconds: float
) -> Outcome:
    """A closed loop: each client sends its next request once the last is answered."""
    return uvloop.run(_as_answered(_Crowd(host, port), requests, clients, seconds))


async def _as_answered(
    crowd: _Crowd, requests: Iterator[Request], clients: int, seconds: float
) -> Outcome:
    outcome = Outcome()
    cpu, begun = time.process_time(), time.perf_counter()

    async def client() -> None:
        while (at := time.perf_counter() - begun) < seconds:
            request = next(requests)
            status, degraded = await crowd.ask(request.content)
            took = time.perf_counter() - begun - at
            outcome.answered.append(Answered(request.kind, at, took, status, degraded))

    await asyncio.gather(*(client() for _ in range(clients)))
    return _ended(outcome, crowd, begun, cpu)


def _ended(outcome: Outcome, crowd: _Crowd, begun: float, cpu: float) -> Outcome:
    for connection in list(crowd.free):
        connection.close()
    outcome.seconds = time.perf_counter() - begun
    outcome.own_cpu = time.process_time() - cpu
    return outcome
