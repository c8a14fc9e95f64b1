"""How much hostile requests slow down those of shoppers, over real HTTP.

Shoppers' queries are timed on one open connection, first alone, then while other clients send what
the fuzz test makes up, as fast as they are answered; beside it, while they send plain queries.
"""

import http.client
import importlib.util
import itertools
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

from bench.harness import (
    DEMO,
    ROOT,
    Arguments,
    Row,
    Served,
    arguments,
    data_folder,
    percentiles,
    products_in,
    served,
    shop_of,
    source_of,
    write_result,
)
from bench.search_latency import QUICK_QUERIES, WARMING, queries_of

QUERIES = 1_000
CLIENTS = 2
"""Processes that send beside the one that is timed."""

PROTOCOL = (
    "{queries} different queries (half of them asked before), one after the other on one open "
    f"connection. alone: nobody else asks; plain: {CLIENTS} other clients ask queries too; "
    f"hostile: {CLIENTS} other clients send what tests/api/test_search_fuzz.py makes up, as fast "
    "as it is answered. Clients and server on the same machine."
)

Send = Callable[[str, int, int, Sequence[str]], None]


def fuzzer() -> ModuleType:
    """The test that makes up the requests."""
    path = ROOT / "tests" / "api" / "test_search_fuzz.py"
    spec = importlib.util.spec_from_file_location("search_fuzz", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def send_hostile(host: str, port: int, seed: int, queries: Sequence[str]) -> None:
    """Until the process is ended. A server that closes the connection is asked on a new one."""
    connection = http.client.HTTPConnection(host, port, timeout=60)
    for request in fuzzer().Hostile(seed).requests(10**9):
        path = request.path + (f"?{request.query.decode('latin-1')}" if request.query else "")
        try:
            connection.request(request.method, path, request.body or None)
            connection.getresponse().read()
        except (http.client.HTTPException, OSError):
            connection.close()


def send_plain(host: str, port: int, seed: int, queries: Sequence[str]) -> None:
    """Until the process is ended."""
    connection = http.client.HTTPConnection(host, port, timeout=60)
    for query in itertools.cycle(queries[seed::CLIENTS]):
        connection.request("GET", f"/v1/search?q={quote(query)}")
        connection.getresponse().read()


WAYS: dict[str, Send | None] = {"alone": None, "plain": send_plain, "hostile": send_hostile}


@contextmanager
def sending(send: Send | None, server: Served, queries: Sequence[str]) -> Iterator[None]:
    """Others ask meanwhile."""
    spawn = multiprocessing.get_context("spawn")
    processes = [
        spawn.Process(target=send, args=(server.host, server.port, seed, queries))
        for seed in range(CLIENTS if send else 0)
    ]
    for process in processes:
        process.start()
    time.sleep(5 if processes else 0)  # until they have started
    server.connection.close()  # the server did so itself if that took long
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
            process.join()


def measure(data: Path, asked: Arguments) -> list[Row]:
    """A row for each way of being disturbed."""
    most = QUICK_QUERIES if asked.quick else QUERIES
    with shop_of(data) as shop, served(shop) as server:
        label = f"{data.name}, {products_in(shop):,} products"
        queries = queries_of(data, server, most // 2 + WARMING)
        addresses = [f"/v1/search?q={quote(each)}" for each in queries]
        for address in addresses[:WARMING]:
            server.get(address)
        rows = []
        for way, send in WAYS.items():
            if asked.wants(way):
                with sending(send, server, queries):
                    rows.append(_row(server, f"{label}: {way}", addresses[WARMING:] * 2))
        return rows


def _row(server: Served, model: str, addresses: Sequence[str]) -> Row:
    begun = time.perf_counter()
    seconds = [server.get(address)[0] for address in addresses]
    took = time.perf_counter() - begun
    return Row(model, percentiles(seconds), took, server.peak_mb())


def main() -> None:
    home_depot = data_folder() / "search" / "homedepot"
    asked = arguments(__doc__, name="hostile", data=home_depot if home_depot.exists() else DEMO)
    write_result(
        asked.out,
        name="Hostile requests",
        protocol=PROTOCOL.format(queries=QUICK_QUERIES if asked.quick else f"{QUERIES:,}"),
        data=[source_of(each) for each in asked.paths],
        rows=[row for data in asked.paths for row in measure(data, asked)],
    )


if __name__ == "__main__":
    main()
