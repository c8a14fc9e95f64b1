"""However many bodies come at once, a process holds so many bytes of them; over real sockets."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from mercato.api.bodies import MOST_BYTES
from mercato.api.holding import MOST_HELD, SMALL, Budget
from mercato.core.errors import Overloaded
from mercato.shop.opened import Shop
from mercato.state.writer import Writer

Serve = Callable[..., AbstractContextManager[Any]]
MANY = 40
"""Bodies of 8 MB at once: 320 MB."""

MOST_LARGE = MOST_HELD * 3 // 4 // MOST_BYTES
"""So many of them are read at a time: of 64 MB large ones take three quarters."""


def test_a_budget_keeps_room_for_small_bodies() -> None:
    budget = Budget(most=8 * SMALL)
    for _ in range(3):
        budget.take(2 * SMALL, 2 * SMALL)  # 6 of 8
    with pytest.raises(Overloaded, match="bodies at the same time"):
        budget.take(SMALL + 1, SMALL + 1)
    budget.take(SMALL, SMALL)
    budget.take(SMALL, SMALL)
    with pytest.raises(Overloaded):
        budget.take(1, 1)
    budget.give_back(2 * SMALL)
    budget.take(1, 1)
    assert budget.held == 6 * SMALL + 1


def head(length: int | None) -> bytes:
    said = b"Transfer-Encoding: chunked" if length is None else b"Content-Length: %d" % length
    return b"POST /v1/events HTTP/1.1\r\nHost: x\r\n" + said + b"\r\n\r\n"


def post(address: tuple[str, int], body: bytes) -> int:
    """The status that events are answered with."""
    with closing(http.client.HTTPConnection(*address, timeout=30)) as connection:
        connection.request("POST", "/v1/events", body)
        return connection.getresponse().status


def resident(pid: int) -> int:
    """Bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def answered(connection: socket.socket, seconds: float) -> bytes:
    """What a server says within so long; nothing where it goes on reading."""
    connection.settimeout(seconds)
    with suppress(TimeoutError, ConnectionError):
        return connection.recv(65_536)
    return b""


def send_all_but_the_end(connection: socket.socket, length: int | None) -> None:
    piece = b" " * 65_536
    if length is None:
        piece = b"%x\r\n%s\r\n" % (len(piece), piece)
    with suppress(OSError):  # refused, and closed
        for _ in range(MOST_BYTES // 65_536 - 1):
            connection.sendall(piece)


@pytest.mark.parametrize("length", [MOST_BYTES, None], ids=["announced", "chunked"])
def test_slow_large_bodies_stay_within_the_budget(
    shop_folder: Path, serve: Serve, length: int | None
) -> None:
    with serve(shop_folder) as server, ExitStack() as stack:
        url = urlsplit(server.address)
        address = str(url.hostname), int(url.port or 80)

        def small() -> int:
            event = {"event": "view_item", "visitor_id": "v", "item_id": "x"}
            return post(address, json.dumps(event).encode())

        assert small() == 202
        before = resident(server.process.pid)
        slow = [
            stack.enter_context(socket.create_connection(address, timeout=30)) for _ in range(MANY)
        ]
        for each in slow:
            each.sendall(head(length))
        if length is not None:
            refused = [each for each in slow if answered(each, 0.2).startswith(b"HTTP/1.1 429")]
            assert len(refused) == MANY - MOST_LARGE, "before anything of them was sent"
        sending = [
            threading.Thread(target=send_all_but_the_end, args=(each, length)) for each in slow
        ]
        for thread in sending:
            thread.start()
        assert small() == 202
        for thread in sending:
            thread.join(60)
        if length is None:
            told = [answered(each, 0.2) for each in slow]
            assert all(b"429" in each[:16] for each in told if each)
            assert sum(not each for each in told) <= MOST_LARGE
        # While a body grows by a piece it is there twice; 320 MB would come without a budget.
        assert resident(server.process.pid) - before < 2 * MOST_HELD
        assert small() == 202
        stack.close()
        large = b"[" + b" " * (MOST_BYTES - 2) + b"]"
        deadline = time.monotonic() + 20  # until the server has seen that the others are gone
        while (status := post(address, large)) == 429 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert status == 202, "what was held is given back"


ADDRESSES = {
    "/v1/events": lambda told: told["type"].startswith("urn:mercato:problem"),
    "/v1/track": lambda told: told["success"] is False,
    "/_bulk": lambda told: told["error"]["type"] == "rejected_execution_exception",
    "/1/events": lambda told: told["status"] == 429,
    "/v2/projects/p/locations/l/catalogs/c/userEvents:write": lambda told: (
        told["error"]["status"] == "RESOURCE_EXHAUSTED"
    ),
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_while_the_writer_is_full_events_are_refused_before_they_are_read(
    client: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(Writer, "full", property(lambda writer: True))
    refused = client.post(address, content=b"is no JSON, which nobody finds out")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert ADDRESSES[address](refused.json())
    assert client.get("/v1/search?q=tent").status_code == 200
    assert client.post("/debug/mp/collect", json={"events": []}).status_code == 200
    monkeypatch.undo()
    assert client.post(address, content=b"is no JSON").status_code == 400


def test_a_writer_is_full_where_one_row_more_is_refused(shop: Shop) -> None:
    writer = shop.state.writer
    assert not writer.full
    writer.most_waiting = 0
    assert writer.full
    with pytest.raises(Overloaded, match="rows waiting"):
        writer.submit(lambda connection, payloads: payloads, None, 1)
