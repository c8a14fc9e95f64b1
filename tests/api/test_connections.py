"""Whoever keeps a server waiting is closed, and stops nobody else meanwhile; over real sockets."""

import http.client
import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

Serve = Callable[..., AbstractContextManager[Any]]
SLOW = 200

# The server is one of its own, whose patience a test cannot wait for.
IMPATIENT = """
import mercato.api.connections as connections
connections.HEAD_SECONDS, connections.BODY_SECONDS = 2.0, 2.0
"""


@pytest.fixture(scope="module")
def address(
    built_shop: Path, serve: Serve, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, int]]:
    site = tmp_path_factory.mktemp("site")
    (site / "sitecustomize.py").write_text(IMPATIENT)
    shop = shutil.copytree(built_shop, site / "shop")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", str(site))
        stack = ExitStack()
        server = stack.enter_context(serve(shop))
    with stack:
        url = urlsplit(server.address)
        yield str(url.hostname), int(url.port or 80)


def asked(address: tuple[str, int]) -> float:
    """Seconds that a search takes."""
    with closing(http.client.HTTPConnection(*address, timeout=30)) as connection:
        begun = time.perf_counter()
        connection.request("GET", "/v1/search?q=tent")
        assert connection.getresponse().status == 200
        return time.perf_counter() - begun


def read_all(connection: socket.socket) -> bytes:
    """Until the server closes; fails where it does not within ten seconds. Nothing is left to be
    read where something was sent after that."""
    connection.settimeout(10)
    found = b""
    with suppress(ConnectionError):
        while block := connection.recv(65_536):
            found += block
    return found


def test_slow_heads_and_bodies_stop_nobody_and_are_closed(address: tuple[str, int]) -> None:
    before = min(asked(address) for _ in range(5))
    with ExitStack() as stack:
        slow = [
            stack.enter_context(socket.create_connection(address, timeout=30)) for _ in range(SLOW)
        ]
        heads, bodies = slow[: SLOW // 2], slow[SLOW // 2 :]
        for each in heads:
            each.sendall(b"GET /v1/search?q=te")
        for each in bodies:
            each.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n[")
        begun = time.monotonic()
        worst = 0.0
        while time.monotonic() - begun < 1.0:  # a byte now and then, as slow clients send
            for each in slow[::10]:
                with suppress(OSError):  # closed already, on a busy machine
                    each.sendall(b"e")
            worst = max(worst, asked(address))
        assert worst < before + 1.0
        told = [read_all(each) for each in slow]
        assert time.monotonic() - begun < 9
        heard = [each for each in told if each]
        assert len(heard) >= SLOW * 0.9
        assert {each[:12] for each in heard} == {b"HTTP/1.1 408"}
        assert b"application/problem+json" in told[-1]
        assert b"connection: close" in told[-1].lower()
    assert asked(address) < before + 1.0


def test_a_head_without_end_is_refused(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=30) as endless:
        endless.sendall(b"GET / HTTP/1.1\r\nX: ")
        with pytest.raises(OSError):
            for _ in range(10_000):
                endless.sendall(b"x" * 10_000)
                time.sleep(0.0005)
    assert asked(address) < 5


def test_a_second_request_has_its_time_too(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=30) as kept:
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        while not kept.recv(65_536).endswith(b"ok\n"):
            continue
        kept.sendall(b"GET /heal")
        assert read_all(kept).startswith(b"HTTP/1.1 408")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(address: tuple[str, int]) -> None:
    for length in (b"8388609", b"99999999999999999999"):
        with socket.create_connection(address, timeout=30) as large:
            head = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: " + length
            large.sendall(head + b"\r\n\r\n[")
            assert b" 413 " in large.recv(65_536) or length == b"99999999999999999999"
    with socket.create_connection(address, timeout=30) as chunked:
        chunked.sendall(
            b"POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        piece = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        try:
            for _ in range(12):  # 12 MB in pieces of one
                chunked.sendall(piece)
        except OSError:
            pass
        else:
            assert b" 413 " in chunked.recv(65_536)


def test_nothing_can_be_put_into_a_head(address: tuple[str, int]) -> None:
    """What a request says comes back in bodies alone, and cannot end a header."""
    with closing(http.client.HTTPConnection(*address, timeout=30)) as connection:
        for path in (
            "/v1/search?q=a%0d%0aSet-Cookie:%20x=1",
            "/v1/recommend/home%0d%0aSet-Cookie:%20x=1",
            "/v1/items/a%0d%0aSet-Cookie:%20x=1",
            "/search?q=a%0d%0aSet-Cookie:%20x=1&lang=en%0d%0aSet-Cookie:%20x=1",
            "/item/a%0d%0aSet-Cookie:%20x=1",
            "/console/a%0d%0aSet-Cookie:%20x=1?b=%0d%0aSet-Cookie:%20x=1",
            "/console/sign-in?next=/console/%0d%0aSet-Cookie:%20x=1&lang=%0d%0aSet-Cookie:%20x=1",
        ):
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            told = answer.headers.get_all("set-cookie") or []
            assert not any(each.startswith("x=1") for each in told), path
        connection.request("GET", "/v1/search?q=a%00%0d", headers={"Origin": "https://a.example"})
        assert json.loads(connection.getresponse().read())["query_id"]
