"""The state on each of its databases."""

import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from mercato.state import EventRow, State


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Of a state of the test's own; a test that takes it runs on both databases."""
    if request.param == "sqlite":
        return "sqlite:///state.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def state(url: str, tmp_path: Path) -> Iterator[State]:
    opened = State.open(url, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def stored(state: State) -> Callable[..., None]:
    """Write lines of events and wait until they are on the disk."""

    def write(*rows: EventRow) -> None:
        state.events.append(rows).result(timeout=30)

    return write


@pytest.fixture
def tampered() -> Callable[..., None]:
    """Change a state behind Mercato's back."""

    def run(state: State, statements: str) -> None:
        with state.database.writing.begin() as connection:
            for statement in filter(str.strip, statements.split(";")):
                connection.exec_driver_sql(statement)

    return run


@dataclass
class Wire:
    """A way to a server that a test can cut or stop.

    port      : where it is entered
    cut_after : what a client may not hear the answer to; it reaches the server
    cut_at    : what does not even reach it
    stopped   : while set, nothing passes and nothing breaks
    """

    port: int
    cut_after: bytes | None = None
    cut_at: bytes | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    cuts: int = 0
    _open: list[socket.socket] = field(default_factory=list)

    def cut(self) -> None:
        """Break all connections."""
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def carry(self, client: socket.socket, server: socket.socket) -> None:
        """Pass on what comes from either end until one of them ends."""
        self._open += [client, server]
        with client, server, selectors.DefaultSelector() as waiting, suppress(OSError):
            for each in (client, server):
                waiting.register(each, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in waiting.select()]
                while self.stopped.is_set():
                    time.sleep(0.01)
                for source in (each for each in (client, server) if each in ready):
                    block = source.recv(65_536)
                    if not block or (source is client and self._cuts_at(block)):
                        return
                    (server if source is client else client).sendall(block)
                    if source is client and self._cuts_after(block):
                        return

    def _cuts_at(self, block: bytes) -> bool:
        found = self.cut_at is not None and self.cut_at in block
        if found:
            self.cut_at = None
        return found

    def _cuts_after(self, block: bytes) -> bool:
        found = self.cut_after is not None and self.cut_after in block
        if found:
            self.cut_after = None
            self.cuts += 1
            time.sleep(0.1)  # the server does it meanwhile
        return found


@pytest.fixture
def wire(postgres_server: Any) -> Iterator[Wire]:
    """To the server of the tests."""
    with socket.create_server(("127.0.0.1", 0)) as entry:
        made = Wire(entry.getsockname()[1])
        relays: list[threading.Thread] = []

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = entry.accept()
                    server = socket.create_connection(("127.0.0.1", postgres_server.port))
                    relay = threading.Thread(target=made.carry, args=(client, server), daemon=True)
                    relays.append(relay)
                    relay.start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield made
        made.cut()
        entry.shutdown(socket.SHUT_RDWR)
    for each in (thread, *relays):
        each.join(10)


@pytest.fixture
def wired(postgres_url: str, wire: Wire, tmp_path: Path) -> Iterator[State]:
    """A state on PostgreSQL at the other end of the wire."""
    url = make_url(postgres_url).set(port=wire.port)
    opened = State.open(url.render_as_string(hide_password=False), tmp_path)
    yield opened
    wire.stopped.clear()
    opened.close()
