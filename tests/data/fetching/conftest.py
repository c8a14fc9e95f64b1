"""A real HTTP server on this machine, whose answers a test writes down."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mercato.core.settings import FetchSettings
from mercato.data.fetching.address import Address, parsed
from mercato.data.fetching.download import fetch
from mercato.data.fetching.hosts import Hosts


@dataclass
class Web:
    """Paths and what they answer: (status, headers, body); what was asked is kept."""

    port: int = 0
    answers: dict[str, tuple[int, Mapping[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            status, headers, body = made.answers.get(self.path, (404, {}, b"nothing"))
            if self.headers.get("If-None-Match") == headers.get("ETag", "-"):
                status, body = 304, b""
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield made
        server.shutdown()
        thread.join()


Said = Callable[[socket.socket], None]


@pytest.fixture
def wire() -> Iterator[Callable[[Said], str]]:
    """A server of one connection that does as it likes; gives its address."""
    threads = []

    def serve(said: Said) -> str:
        listener = socket.create_server(("127.0.0.1", 0))

        def work() -> None:
            with listener, listener.accept()[0] as connection:
                connection.settimeout(10)
                try:
                    connection.recv(65_536)
                    said(connection)
                except OSError:
                    pass  # the client has gone, as it should

        threads.append(threading.Thread(target=work))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/feed.csv"

    yield serve
    for thread in threads:
        thread.join()


@pytest.fixture
def download(tmp_path: Path):
    """Fetch from this machine, which is listed as private; 0.1 MB and 5 seconds at most."""

    def run(url: str, *, allow=(), private=("127.0.0.1",), max_mb=1, timeout=5.0, **more):
        settings = FetchSettings(tuple(allow), tuple(private), max_mb, timeout)
        address: Address = parsed(url)
        into = tmp_path / "fetched" / address.place
        return fetch(address, into, Hosts.of(settings), settings, **more)

    return run
