"""Servers of one connection, and downloads from this machine."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mercato.core.settings import FetchSettings
from mercato.data.fetching.address import Address, parsed
from mercato.data.fetching.download import fetch
from mercato.data.fetching.hosts import Hosts

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
