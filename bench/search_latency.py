"""How long a search takes, over real HTTP.

``--data`` is a folder with products.csv.gz and judgments.csv, whose queries are asked, or a built
shop (var/demo), which is asked for words of its own titles.
"""

import csv
import json
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

from bench.harness import (
    DEMO,
    Arguments,
    Row,
    Served,
    arguments,
    data_folder,
    percentiles,
    products_in,
    sample,
    served,
    shop_of,
    source_of,
    write_result,
)

QUERIES = 2_000
QUICK_QUERIES = 50
WARMING = 20
"""Searches before the clock runs: the first ones read the release from the disk."""

PROTOCOL = (
    "{queries} different queries, one after the other on one open connection, 24 hits a page. "
    "cold: asked for the first time, so that the encoder runs; warm: asked again; faceted: asked "
    "again with the counts of brand and product_type; listing: no words, these facets, ten pages. "
    "start: from the process's start until it is ready. Client and server on the same machine."
)

Ask = Callable[[str, int], str]
"""A query, and how many pages a listing has → the address to ask."""

FACETS = "&facet=brand&facet=product_type"
WAYS: dict[str, Ask] = {
    "cold": lambda query, pages: f"/v1/search?q={quote(query)}",
    "warm": lambda query, pages: f"/v1/search?q={quote(query)}",
    "faceted": lambda query, pages: f"/v1/search?q={quote(query)}{FACETS}",
    "listing": lambda query, pages: f"/v1/search?page={1 + len(query) % pages}{FACETS}",
}
"""In this order: what is warm was asked cold before."""


def queries_of(data: Path, server: Served, most: int) -> list[str]:
    """Real queries where there are judgments; else two neighbouring words of a title each."""
    judgments = data / "judgments.csv"
    if judgments.exists():
        with judgments.open(encoding="utf-8", newline="") as file:
            return sample([row["query"] for row in csv.DictReader(file)], most)
    random_ = random.Random(0)
    titles = _titles(server, pages=most // 20)
    return sample([_two_words(title, random_) for title in titles], most)


def _titles(server: Served, pages: int) -> list[str]:
    """Titles from all over the catalogue."""
    last = -(-_total(server) // 100)
    titles: list[str] = []
    for page in random.Random(1).sample(range(1, last + 1), min(pages, last)):
        body = server.get(f"/v1/search?per_page=100&page={page}")[1]
        titles += [hit["item"]["title"] for hit in json.loads(body)["hits"]]
    return titles


def _total(server: Served) -> int:
    return int(json.loads(server.get("/v1/search")[1])["total"])


def _two_words(title: str, random_: random.Random) -> str:
    words = title.split()
    start = random_.randrange(max(len(words) - 1, 1))
    return " ".join(words[start : start + 2])


def measure(data: Path, asked: Arguments) -> list[Row]:
    """A row for each way of asking."""
    most = QUICK_QUERIES if asked.quick else QUERIES
    with shop_of(data) as shop, served(shop) as server:
        label = f"{data.name}, {products_in(shop):,} products"
        queries = queries_of(data, server, most + WARMING)
        pages = min(10, -(-_total(server) // 24))
        for query in queries[:WARMING]:
            server.get(WAYS["cold"](query, pages))
        rows = []
        for way, ask in WAYS.items():
            if asked.wants(way):
                addresses = [ask(query, pages) for query in queries[WARMING:]]
                rows.append(_row(server, f"{label}: {way}", addresses))
        return rows


def _row(server: Served, model: str, addresses: Sequence[str]) -> Row:
    begun = time.perf_counter()
    seconds = [server.get(address)[0] for address in addresses]
    took = time.perf_counter() - begun
    metrics = {**percentiles(seconds), "start s": round(server.start_seconds, 2)}
    return Row(model, metrics, took, server.peak_mb())


def main() -> None:
    home_depot = data_folder() / "search" / "homedepot"
    paths = [path for path in (home_depot, DEMO) if path == DEMO or path.exists()]
    asked = arguments(__doc__, name="search_latency", data=paths)
    rows = [row for data in asked.paths for row in measure(data, asked)]
    write_result(
        asked.out,
        name="Search latency",
        protocol=PROTOCOL.format(queries=QUICK_QUERIES if asked.quick else f"{QUERIES:,}"),
        data=[source_of(data) for data in asked.paths],
        rows=rows,
    )


if __name__ == "__main__":
    main()
