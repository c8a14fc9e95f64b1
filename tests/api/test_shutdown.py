"""A server that is told to stop says so, answers on for a while, and writes down what it holds.

One without workers of its own: `tests/e2e/test_replicas.py`."""

import http.client
import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from mercato.state import State


class Asked:
    """One request, on a connection of its own."""

    def __init__(self, address: str, path: str) -> None:
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        connection.request("GET", path)
        answer = connection.getresponse()
        self.status = answer.status
        self.closes = answer.getheader("Connection") == "close"
        self.body = answer.read()
        connection.close()

    @property
    def query_id(self) -> Any:
        return orjson.loads(self.body)["query_id"]


def test_nothing_is_lost_when_the_server_is_stopped(
    shop_folder: Path, serve: Callable[..., AbstractContextManager[Any]]
) -> None:
    def search(number: int) -> Asked:
        return Asked(server.address, f"/v1/search?q=tent&page=1&user_id=u{number}")

    told = []
    with serve(shop_folder, "--workers", "2", "--leave-seconds", "2") as server:
        found = [search(number) for number in range(30)]
        assert not any(each.closes for each in found)
        told += [each.query_id for each in found]

        server.process.terminate()
        begun = time.monotonic()
        # A balancer asks one worker or another; within half a second all of them know.
        while Asked(server.address, "/readyz").status == 200:
            assert time.monotonic() < begun + 1.9
            time.sleep(0.02)
        time.sleep(0.1)
        late = [search(number) for number in range(3)]
        assert all(each.closes for each in late)
        assert Asked(server.address, "/healthz").status == 200
        told += [each.query_id for each in late]
        server.process.wait(timeout=30)
        assert time.monotonic() - begun > 1.9
    # uvicorn hands the signal on once it has shut down in good order.
    assert server.process.returncode in (0, -signal.SIGTERM)
    state = State.open("sqlite:///state.db", shop_folder)
    assert sorted(answer.query_id for answer in state.answers.after(0, 100).rows) == sorted(told)
    state.close()
