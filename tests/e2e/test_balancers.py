"""What the balancers of deploy/ make of servers that keep one waiting, as for a database that is
away: it is no reason to leave out those who can be read from."""

import http.client
import shutil
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench.replicated import Balancer

WRITES = 8
"""More than two for each server and each of a balancer's workers."""


class Waiting(BaseHTTPRequestHandler):
    """Answers whoever reads; a write waits until the test is over."""

    protocol_version = "HTTP/1.1"
    over = threading.Event()

    def do_GET(self) -> None:
        self._answer(200)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/v1/events"):
            self.over.wait()
        self._answer(202)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def servers() -> Iterator[list[str]]:
    """Two, as ``address:port``."""
    Waiting.over.clear()
    made = [ThreadingHTTPServer((f"127.0.0.{at}", 0), Waiting) for at in (2, 3)]
    for each in made:
        each.daemon_threads = True
        threading.Thread(target=each.serve_forever, daemon=True).start()
    yield [f"{each.server_address[0]!s}:{each.server_port}" for each in made]
    Waiting.over.set()
    for each in made:
        each.shutdown()
        each.server_close()


@pytest.fixture(params=["nginx", "haproxy"])
def balancer(
    request: pytest.FixtureRequest, servers: list[str], tmp_path: Path
) -> Iterator[Balancer]:
    if shutil.which(request.param) is None:
        pytest.skip(f"no {request.param}; install it with the system's packages")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    made = Balancer(request.param, tmp_path, port)
    made.start(servers)
    yield made
    made.stop()


def ask(port: int, method: str, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, b"{}" if method == "POST" else None)
    status = connection.getresponse().status
    connection.close()
    return status


def test_writes_that_wait_take_no_server_from_those_who_read(balancer: Balancer) -> None:
    with ThreadPoolExecutor(WRITES) as clients:
        writes = [clients.submit(ask, balancer.port, "POST", "/v1/events") for _ in range(WRITES)]
        assert {each.result() for each in writes} <= {502, 504}, "they are given up"
    reads = [ask(balancer.port, "GET", "/v1/search?q=tent") for _ in range(20)]
    reads += [ask(balancer.port, "POST", "/1/indexes/*/queries") for _ in range(20)]
    assert set(reads) == {200, 202}
    assert ask(balancer.port, "GET", "/metrics") == 404
