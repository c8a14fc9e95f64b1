"""What grows with a catalogue: 10,000, 100,000 and a million products.

``--data`` gives the titles: a folder with products.csv.gz and judgments.csv, whose queries are
asked, or a built shop; a ``--models`` is a number of products, as in ``10000,100000``. With
MERCATO_BENCH_SHOPS, a folder, the shops are kept there and built once: a million texts take the
encoder long. Draws docs/growth.svg from the result.
"""

import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from bench.growth_chart import CHART, draw
from bench.harness import (
    DEMO,
    Row,
    Served,
    arguments,
    data_folder,
    mercato,
    percentiles,
    sample,
    served,
    write_result,
)
from bench.recombined import Recombined, titles_of
from bench.search_latency import queries_of
from bench.upserts import resident_mb
from mercato.shop.opened import Shop
from mercato.shop.search import SearchCall, search

SIZES = (10_000, 100_000, 1_000_000)
QUICK_SIZES = (2_000, 5_000)
QUERIES, QUICK_QUERIES = 1_000, 50
WARMING = 30
FACETS = ("product_type", "brand", "price", "color")

PROTOCOL = (
    "Products of recombined real titles (bench/recombined.py) with categories of three levels, "
    "brands, prices, colours and groups; every text is encoded by the encoder itself. build: "
    "`mercato build` from imported products, encoding included. {queries} queries, one after the "
    "other, 24 hits a page: cold, so that the encoder runs, and warm. browse: no words, a "
    "category of any level, four facets, two in five with a range of prices, half sorted by "
    "price; each listing is asked once. One worker; MB: resident in the end, mapped files and "
    "Python included; bytes a product: what a product adds to it, from the smallest catalogue on. "
    "MB of two: workers that answered the same between them, what they share counted once."
)


@contextmanager
def grown_shop(made: Recombined, n_products: int) -> Iterator[tuple[Path, float]]:
    """A built shop, and the seconds that its build took."""
    kept = os.environ.get("MERCATO_BENCH_SHOPS")
    with tempfile.TemporaryDirectory(prefix="mercato-growth-") as scratch:
        shop = Path(kept or scratch) / f"growth-{n_products}"
        told = shop / "growth.json"
        if not told.exists():
            items = Path(scratch) / "items.parquet"
            made.write(n_products, items)
            if not (shop / "shop.toml").exists():
                mercato("init", str(shop))
                mercato("import", str(shop), "--items", str(items))
            begun = time.perf_counter()
            mercato("build", str(shop))
            told.write_text(json.dumps({"build s": time.perf_counter() - begun}))
        yield shop, float(json.loads(told.read_text())["build s"])


def listings(shop: Shop, most: int) -> list[SearchCall]:
    """Ways of browsing: categories of all levels, the fuller the likelier."""
    everything = search(shop, SearchCall(facets=FACETS))
    chance = random.Random(0)
    paths, ranges = list(everything.facets["product_type"]), list(everything.facets["price"])
    calls = []
    for path in (chance.choice(paths[: 1 + chance.randrange(len(paths))]) for _ in range(most)):
        filters = [f'product_type:"{path}"']
        if chance.random() < 0.4:
            filters.append(f"price:{chance.choice(ranges)}")
        sort = chance.choice((None, None, "price:asc", "price:desc"))
        calls.append(SearchCall(filters=tuple(filters), facets=FACETS, sort=sort))
    return list(dict.fromkeys(calls))


def address(call: SearchCall) -> str:
    parts = [f"q={quote(call.q)}"]
    parts += [f"filter={quote(each)}" for each in call.filters]
    parts += [f"facet={each}" for each in call.facets]
    parts += [f"sort={call.sort}"] if call.sort else []
    return f"/v1/search?{'&'.join(parts)}"


def timed(ask: Callable[[SearchCall], object], calls: Sequence[SearchCall]) -> list[float]:
    seconds = []
    for call in calls:
        begun = time.perf_counter()
        ask(call)
        seconds.append(time.perf_counter() - begun)
    return seconds


def measure(made: Recombined, n: int, data: Path, most: int) -> tuple[dict[str, object], float]:
    """The metrics of one size, and the peak memory of its server."""
    with grown_shop(made, n) as (folder, build_seconds):
        metrics: dict[str, object] = {"products": n, "build s": round(build_seconds, 1)}
        shop = Shop.open(folder)
        browsing = listings(shop, most)
        with served(folder) as server:
            queries = sample(queries_of(data, server, most + WARMING), most + WARMING)
            words = [SearchCall(q=query) for query in queries]
            metrics["start s"] = round(server.start_seconds, 2)
            ways: Mapping[str, Callable[[SearchCall], object]] = {
                "in-process": lambda call: search(shop, call),
                "HTTP": lambda call: _ask(server, call),
            }
            for way, ask in ways.items():
                timed(ask, words[:WARMING])
                timed(ask, browsing[:WARMING])
                for name, calls in (
                    ("cold", words[WARMING:]),
                    ("warm", words[WARMING:]),
                    ("browse", browsing[WARMING:]),
                ):
                    found = percentiles(timed(ask, calls))
                    metrics |= {f"{way} {name} {key}": value for key, value in found.items()}
            metrics["MB"] = round(resident_mb(server))
            peak = server.peak_mb()
        metrics["MB of two"] = round(together_mb(folder, words[WARMING:] + browsing[WARMING:]))
        shop.close()
        return metrics, peak


def together_mb(folder: Path, calls: Sequence[SearchCall]) -> float:
    """The memory of two workers that have answered all calls between them."""
    with served(folder, workers=2) as server:
        for call in calls:
            _ask(server, call)
            server.connection.close()  # any of the workers may take the next
        return server.together_mb()


def _ask(server: Served, call: SearchCall) -> None:
    server.get(address(call))


def main() -> None:
    home_depot = data_folder() / "search" / "homedepot"
    data = home_depot if home_depot.exists() else DEMO
    asked = arguments(__doc__, name="growth", data=data, minutes=90)
    made = Recombined.of(titles_of(asked.data))
    most = QUICK_QUERIES if asked.quick else QUERIES
    rows: list[Row] = []
    for n in QUICK_SIZES if asked.quick else SIZES:
        if not asked.wants(str(n)):
            continue
        begun = time.perf_counter()
        metrics, peak = measure(made, n, asked.data, most)
        added = _bytes_a_product(rows, metrics)
        rows.append(Row(f"{n:,} products", metrics | added, time.perf_counter() - begun, peak))
        print(rows[-1].model, dict(rows[-1].metrics), flush=True)
    source = asked.data / "products.csv.gz"
    write_result(
        asked.out,
        name="growth",
        protocol=PROTOCOL.format(queries=f"{most:,}"),
        data=[source] if source.exists() else [asked.data / "shop.toml"],
        rows=rows,
    )
    if not asked.quick:
        draw(asked.out, CHART)


def _bytes_a_product(before: Sequence[Row], metrics: Mapping[str, object]) -> dict[str, object]:
    if not before:
        return {}
    first = before[0].metrics
    more = int(str(metrics["products"])) - int(str(first["products"]))
    added = float(str(metrics["MB"])) - float(str(first["MB"]))
    return {"bytes a product": round(added * 1024**2 / more)}


if __name__ == "__main__":
    main()
