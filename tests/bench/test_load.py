"""The load bench counts as it says: from the scheduled moment, and by its own definitions."""

import asyncio
import math
import threading
import time
from collections.abc import Iterator

import pytest

from apart import apart
from bench.load import counts, in_time, recovered_after
from bench.open_loop import FAILED, Answered, Request, as_answered, at_rate, by_schedule, get

STALL_SECONDS = 0.3
ANSWER = b"HTTP/1.1 200 OK\r\nMercato-Degraded: semantic\r\nContent-Length: 2\r\n\r\nok"


class Standing:
    """A server that answers one request after the other, and stands still on the first of all."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.port = 0
        self.first = True
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._run)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            while await reader.readline() != b"\r\n":
                continue
            if self.first:
                self.first = False
                time.sleep(STALL_SECONDS)  # the whole server
            writer.write(
                b"HTTP/1.1 200 OK\r\nMercato-Degraded: semantic\r\nContent-Length: 2\r\n\r\nok"
            )
        writer.close()

    def _run(self) -> None:
        async def serve() -> None:
            self.stop = asyncio.Event()
            server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            self.ready.set()
            await self.stop.wait()
            server.close()

        self.loop.run_until_complete(serve())
        self.loop.close()


@pytest.fixture
def standing() -> Iterator[Standing]:
    made = Standing()
    made.thread.start()
    made.ready.wait(10)
    yield made
    made.loop.call_soon_threadsafe(made.stop.set)
    made.thread.join(10)


def requests() -> Iterator[Request]:
    while True:
        yield get("search", "/")


def test_a_server_that_stands_still_is_charged_for_all_that_would_have_come(
    standing: Standing,
) -> None:
    moments = [n * 0.02 for n in range(20)]  # all but the last few fall into the stall
    found = apart(by_schedule, "127.0.0.1", standing.port, requests(), moments).answered
    assert len(found) == 20
    for each in found:
        left = STALL_SECONDS - each.at
        # Timers of libuv are true to a millisecond.
        assert each.seconds >= max(left, 0) * 0.9 - 0.001, "from the scheduled moment"
        assert (each.status, each.degraded) == (200, True)
    waited = sum(each.seconds > 0.05 for each in found)
    assert waited >= 10


def test_a_closed_loop_waits_for_its_answers(standing: Standing) -> None:
    found = apart(as_answered, "127.0.0.1", standing.port, requests(), 1, STALL_SECONDS + 0.1)
    assert sum(each.seconds > 0.05 for each in found.answered) == 1


def test_nobody_there_is_a_failure() -> None:
    (found,) = apart(by_schedule, "127.0.0.1", 1, requests(), [0.0]).answered
    assert found.status == FAILED


def test_arrivals_have_their_rate_and_follow_from_the_seed() -> None:
    moments = list(at_rate(200, 50, seed=7))
    # Of a Poisson process the number of arrivals has the variance of its mean: 10,000 ± 3 × 100.
    assert abs(len(moments) - 10_000) < 300
    assert moments == sorted(moments) == list(at_rate(200, 50, seed=7))
    assert 0 < moments[0] and moments[-1] < 50


def answered(
    at: float, seconds: float = 0.01, status: int = 200, degraded: bool = False
) -> Answered:
    return Answered("search", at, seconds, status, degraded)


def test_what_is_counted() -> None:
    found = [
        *(answered(0, 0.010) for _ in range(6)),
        answered(0, degraded=True),
        answered(0, status=429),
        answered(0, status=500),
        answered(0, seconds=2.0),
    ]
    told = counts(found)
    assert (told["requests"], told["failed"], told["429"], told["degraded"]) == (10, 1, 0.1, 0.1)
    assert told["p50 ms"] == 10
    assert len(in_time(found)) == 7


def test_recovery_is_the_first_whole_second() -> None:
    bad = [answered(0.05 + n / 10, degraded=True) for n in range(25)]  # up to 2.45 s
    good = [answered(2.55 + n / 10) for n in range(40)]
    assert recovered_after(bad + good) == 2.5
    assert recovered_after([answered(n / 10) for n in range(40)]) == 0.0
    assert math.isinf(recovered_after(bad))
