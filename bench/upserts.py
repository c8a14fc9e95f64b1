"""What a great upsert through `POST /v1/items:batch` does to the searches beside it.

``--data`` is a folder with products.csv.gz and judgments.csv, or a built shop. New products are
made of its titles, see `bench.recombined`; then the prices of as many products are patched.
"""

import http.client
import json
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.asking import Asked, Crowd
from bench.harness import (
    DEMO,
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
from bench.recombined import Recombined, titles_of
from bench.search_latency import queries_of

ITEMS = 100_000
BATCH = 500
WORKERS = 2
CLIENTS = 2
PAUSE = 0.02
"""Seconds between two searches of a client: an open shop, not a race."""

BEFORE_SECONDS = 20.0
FIRST_NEW = 1_000_000
"""Products from this number on are in no catalogue that is measured."""

PROTOCOL = (
    "{items:,} operations in batches of {batch}, one batch after the other, sent to a server of "
    "{workers} workers while {clients} clients search. put: new products; patch: prices of "
    "products that are there. visible: from the answer to the last batch until a search by words, "
    "on a new connection, finds the last product; by meaning: until the texts of all are encoded. "
    "start: a worker's, with all of these changes still to be laid over its release."
)


class Shopkeeper:
    """Sends batches of operations on one connection."""

    def __init__(self, server: Served) -> None:
        self._server = server
        self._connection = http.client.HTTPConnection(server.host, server.port, timeout=600)

    def send(self, operations: Sequence[dict[str, Any]]) -> list[float]:
        """Seconds that each batch took."""
        took = []
        for start in range(0, len(operations), BATCH):
            body = json.dumps(operations[start : start + BATCH])
            begun = time.perf_counter()
            self._connection.request(
                "POST", "/v1/items:batch", body, {"Content-Type": "application/json"}
            )
            answer = self._connection.getresponse()
            results = json.loads(answer.read())["results"]
            took.append(time.perf_counter() - begun)
            refused = [each for each in results if "error" in each]
            if refused:
                raise RuntimeError(str(refused[0]))
        return took


def puts(made: Recombined, n: int) -> list[dict[str, Any]]:
    return [
        {"op": "put", "id": item.pop("id"), "item": item}
        for item in (_item(made, FIRST_NEW + number) for number in range(n))
    ]


def _item(made: Recombined, number: int) -> dict[str, Any]:
    item = {name: value for name, value in made.product(number).items() if value is not None}
    item["title"] = f"{item['title']} {number}"
    return item


def patches(ids: Sequence[str], n: int) -> list[dict[str, Any]]:
    return [
        {"op": "patch", "id": ids[at % len(ids)], "item": {"price": 1 + at % 977 / 10}}
        for at in range(n)
    ]


def resident_mb(server: Served) -> float:
    """Of all processes of a server, now."""

    def of(pid: int) -> float:
        status = Path(f"/proc/{pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return (int(found[1]) / 1024 if found else 0.0) + sum(of(int(each)) for each in children)

    return of(server.process.pid)


def times_within(found: Sequence[Asked], start: float, stop: float) -> list[float]:
    return [
        seconds
        for one in found
        for at, seconds in zip(one.at, one.seconds, strict=True)
        if start <= at < stop
    ]


def seconds_until(ask: Iterator[bool]) -> float:
    begun = time.perf_counter()
    while not next(ask):
        time.sleep(0.02)
    return time.perf_counter() - begun


def finds(server: Served, q: str, item_id: str, mode: str) -> Iterator[bool]:
    """Whether new connections, one after the other, find an item; four in a row count."""
    in_a_row = 0
    while True:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
        connection.request("GET", f"/v1/search?q={q}&mode={mode}&per_page=5")
        hits = json.loads(connection.getresponse().read())["hits"]
        connection.close()
        in_a_row = in_a_row + 1 if any(hit["id"] == item_id for hit in hits) else 0
        yield in_a_row == 4


def main() -> None:
    home_depot = data_folder() / "search" / "homedepot"
    asked = arguments(__doc__, name="upserts", data=home_depot if home_depot.exists() else DEMO)
    n = 2_000 if asked.quick else ITEMS
    before_seconds = 5.0 if asked.quick else BEFORE_SECONDS
    made = Recombined.of(titles_of(asked.data))
    rows: list[Row] = []
    with shop_of(asked.data) as shop:
        label = f"{asked.data.name}, {products_in(shop):,} products"
        with served(shop, WORKERS) as server:
            queries = queries_of(asked.data, server, 2_000)
            Crowd(server.host, server.port, queries, 2, 3.0).asked()
            before = round(resident_mb(server))
            work = {"put": puts(made, n), "patch": patches(_ids(server), n)}
            for name, operations in work.items():
                rows += _upsert(f"{label}: {name}", server, queries, operations, before_seconds)
            mb = {"MB before": before, "MB after": round(resident_mb(server))}
            rows.append(Row(f"{label}: memory of all workers", mb, 0.0, server.peak_mb()))
        with served(shop, 1) as server:
            metrics = {
                "start s": round(server.start_seconds, 2),
                "MB after": round(resident_mb(server)),
            }
            took = server.start_seconds
            rows.append(Row(f"{label}: a worker starts", metrics, took, server.peak_mb()))
    for row in rows:
        print(row.model, dict(row.metrics))
    write_result(
        asked.out,
        name="upserts",
        protocol=PROTOCOL.format(items=n, batch=BATCH, workers=WORKERS, clients=CLIENTS),
        data=[source_of(asked.data)],
        rows=rows,
    )


def _ids(server: Served) -> list[str]:
    """Ids of up to 20,000 products."""
    total = json.loads(server.get("/v1/search?distinct=false")[1])["total"]
    found: list[str] = []
    for page in range(1, min(200, -(-total // 100)) + 1):
        body = server.get(f"/v1/search?distinct=false&per_page=100&page={page}")[1]
        found += [hit["id"] for hit in json.loads(body)["hits"]]
    return found


def _upsert(
    label: str,
    server: Served,
    queries: Sequence[str],
    operations: Sequence[dict[str, Any]],
    before_seconds: float,
) -> list[Row]:
    """Searches before, and during; the upsert itself."""
    crowd = Crowd(server.host, server.port, queries, CLIENTS, before_seconds, PAUSE)
    before = [each for one in crowd.asked() for each in one.seconds]
    guess = max(before_seconds, len(operations) / 400)
    crowd = Crowd(server.host, server.port, queries, CLIENTS, guess, PAUSE)
    time.sleep(1.5)
    begun = time.time()
    batches = Shopkeeper(server).send(operations)
    ended = time.time()
    last = operations[-1]
    metrics: dict[str, object] = {
        "operations/s": round(len(operations) / (ended - begun)),
        **{f"batch {name}": value for name, value in percentiles(batches).items()},
    }
    if last["op"] == "put":
        number = last["item"]["title"].split()[-1]
        metrics["visible s"] = round(seconds_until(finds(server, number, last["id"], "lexical")), 3)
        title = last["item"]["title"].replace(" ", "%20").replace("#", "").replace("&", "")
        metrics["by meaning s"] = round(seconds_until(finds(server, title, last["id"], "semantic")))
    during = times_within(crowd.asked(), begun, ended)
    took = ended - begun
    return [
        Row(f"{label}: searches before", percentiles(before), before_seconds, 0.0),
        Row(f"{label}: searches during", percentiles(during), took, server.peak_mb()),
        Row(label, metrics, took, server.peak_mb()),
    ]


if __name__ == "__main__":
    main()
