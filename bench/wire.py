"""A way to a server that can be cut or stopped: a proxy on this machine."""

import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


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


@contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    """To the server at a port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as entry:
        made = Wire(entry.getsockname()[1])
        relays: list[threading.Thread] = []

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = entry.accept()
                    server = socket.create_connection(("127.0.0.1", port))
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
