"""Search beside other engines: the same products, queries and machine, in one run.

``--data`` is the folder with icecat, homedepot and taobao_small; a ``--models`` is a collection or
an engine, as in ``homedepot,Mercato,tantivy``. Needs the extra `bench`.
"""

import http.client
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from bench.harness import (
    Arguments,
    Row,
    Served,
    arguments,
    built_shop,
    data_folder,
    percentiles,
    sample,
    served,
    shop_copy,
    write_result,
)
from bench.peers import duck
from bench.peers.bm25s import Bm25s
from bench.peers.lance import Lance
from bench.peers.peer import Collected, Peer, products_of
from bench.peers.postgres import Postgres, PostgresHybrid
from bench.peers.sqlite import Sqlite
from bench.peers.tantivy import Tantivy
from bench.search_quality import COLLECTIONS, QUICK_QUERIES, Collection, read_judgments
from mercato.catalogue.analysis import words
from mercato.catalogue.query import Sought
from mercato.catalogue.text_matching import match
from mercato.evaluation.intervals import bootstrap
from mercato.evaluation.metrics import GAINS
from mercato.shop.opened import Live, Shop
from mercato.shop.search import SearchCall, search

K = 10
TIMED = 1_000
"""Queries of a collection that are timed."""

PEERS: Mapping[str, type[Peer]] = {
    "tantivy": Tantivy,
    "bm25s": Bm25s,
    "SQLite FTS5": Sqlite,
    "PostgreSQL full text + pg_trgm": Postgres,
    "PostgreSQL + pgvector, hybrid": PostgresHybrid,
    "LanceDB, hybrid": Lance,
    **({"DuckDB FTS": duck.Duck} if duck.is_there() else {}),
}
FLOOR = "floor: encoder + text index + vectors"
MERCATO, OVER_HTTP = "Mercato, in-process", "Mercato, over HTTP"

PROTOCOL = (
    "The best 10 of all products, unjudged ones worth nothing; queries with a positive: Icecat all "
    "{n[icecat]}, gain 2^g - 1; Home Depot the {n[homedepot]} on which nothing was chosen, gain "
    "2^(g-1) - 1; Taobao small {n[taobao_small]}, MRR. Each engine reads what Mercato searches: "
    "title (twice, or weighted 2) and the rest; Chinese characters as words. Any of the query's "
    "words may match. Vectors are those of Mercato's encoder; the time of encoding a query counts "
    "for every engine that reads its vector. Times: engines in turn for each of up to {timed} "
    "queries, one at a time, each asked once, after 20 others; over HTTP on one open connection. "
    "Where the encoder does not read the catalogue's language, nothing is asked by vector. "
    "Ratios: p50 by Mercato's in-process on that collection. Floor: encoding, all matches of the "
    "words and the nearest vectors, without ranking, items, log. {duck}"
)


@dataclass(frozen=True)
class Engine:
    """search : a query → ids, the best first"""

    name: str
    search: Callable[[str], list[str]]


def in_process(shop: Shop, query: str) -> list[str]:
    return [hit.id for hit in search(shop, SearchCall(q=query, per_page=K, distinct=False)).hits]


def over_http(server: Served, query: str) -> list[str]:
    address = f"/v1/search?q={quote(query)}&per_page={K}&distinct=false"
    try:
        body = server.get(address)[1]
    except http.client.RemoteDisconnected:  # idle for as long as another engine was filled
        server.connection.close()
        body = server.get(address)[1]
    return [hit["id"] for hit in json.loads(body)["hits"]]


def floor(live: Live, query: str) -> list[str]:
    assert live.encoder is not None and live.catalogue.vectors is not None
    catalogue, calibration = live.catalogue, live.calibration
    match(catalogue.text, [Sought((word,)) for word in words(query)], catalogue.alive)
    cosines = live.catalogue.vectors.cosines(live.encoder.encode_query(query))
    most, threshold = calibration.semantic_most, calibration.semantic_threshold
    rows, _ = live.catalogue.vectors.nearest_of(cosines, most, threshold, catalogue.alive)
    return catalogue.ids(rows[:K])


def with_vector(live: Live, peer: Peer, query: str) -> list[str]:
    if not peer.uses_vectors or live.encoder is None:
        return peer.search(query, np.zeros(0, np.float32), K)
    return peer.search(query, live.encoder.encode_query(query), K)


def ndcg(found: Sequence[str], grades: Mapping[str, float], gain: str) -> float:
    worth = GAINS[gain](np.array([grades.get(each, 0.0) for each in found], np.float32))
    ideal = np.sort(GAINS[gain](np.array([*grades.values()], np.float32)))[::-1][:K]
    return _discounted(worth) / _discounted(ideal)


def _discounted(worth: NDArray[np.floating]) -> float:
    return float((worth / np.log2(np.arange(2, len(worth) + 2))).sum())


def reciprocal_rank(found: Sequence[str], grades: Mapping[str, float], _gain: str) -> float:
    ranks = (1 / place for place, each in enumerate(found, start=1) if grades.get(each, 0) > 0)
    return next(ranks, 0.0)


def measure(data: Path, collection: Collection, asked: Arguments) -> tuple[list[Row], int]:
    """A row for each engine, and how many queries there were."""
    judgments = read_judgments(data / "judgments.csv", collection, asked.quick)
    with ExitStack() as stack:
        ready = data / "shop.toml"
        folder = stack.enter_context(
            shop_copy(data)
            if ready.exists()
            else built_shop(data / collection.items, *collection.words)
        )
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mercato-peers-")))
        shop = Shop.open(folder)
        stack.callback(shop.close)
        server = stack.enter_context(served(folder))
        engines = list(_engines(shop, server, collection, scratch, asked, stack))
        timed = sample(judgments.queries, QUICK_QUERIES if asked.quick else TIMED)
        seconds = _timed(engines, timed)
        metric = reciprocal_rank if collection.metric == "mrr@10" else ndcg
        rows = []
        for engine in engines:
            values = np.array(
                [
                    metric(engine.search(query), grades, collection.gain)
                    for query, grades in judgments.grades.items()
                ]
            )
            rows.append(_row(collection, engine.name, values, seconds))
            print(rows[-1].model, dict(rows[-1].metrics), flush=True)
    return rows, len(judgments.grades)


def _engines(
    shop: Shop,
    server: Served,
    collection: Collection,
    scratch: Path,
    asked: Arguments,
    stack: ExitStack,
) -> list[Engine]:
    live = shop.live
    assert live.catalogue.vectors is not None
    vectors = live.catalogue.vectors.of(np.arange(live.catalogue.n_rows))
    is_chinese = collection.name == "taobao_small"
    found = [
        Engine(MERCATO, partial(in_process, shop)),
        Engine(OVER_HTTP, partial(over_http, server)),
    ]
    if live.encoder is not None:
        found.append(Engine(FLOOR, partial(floor, live)))
    products = products_of(live.catalogue)
    for name, make in PEERS.items():
        if not _wants(asked, name, [*PEERS]) or (make.uses_vectors and live.encoder is None):
            continue
        folder = scratch / str(len(found))
        folder.mkdir()
        peer = make(Collected(products, vectors, folder, is_chinese))
        stack.callback(peer.close)
        found.append(Engine(name, partial(with_vector, live, peer)))
    return found


def _wants(asked: Arguments, name: str, family: Sequence[str]) -> bool:
    """Whether a member of a family is asked for; all are where none is named."""
    return name in asked.models or not set(family) & set(asked.models)


def _timed(engines: Sequence[Engine], queries: Sequence[str]) -> dict[str, list[float]]:
    """Seconds of each query, by engine; the engines take turns, so that all meet the same noise."""
    warming = queries[:20]
    for engine in engines:
        for query in warming:
            engine.search(f"{query} x")
    seconds: dict[str, list[float]] = {engine.name: [] for engine in engines}
    for query in queries:
        for engine in engines:
            begun = time.perf_counter()
            engine.search(query)
            seconds[engine.name].append(time.perf_counter() - begun)
    return seconds


def _row(
    collection: Collection,
    name: str,
    values: NDArray[np.float64],
    seconds: Mapping[str, Sequence[float]],
) -> Row:
    quality = {} if name == FLOOR else {collection.metric: bootstrap(values).to_json()}
    ratio = np.median(seconds[name]) / np.median(seconds[MERCATO])
    metrics = {**quality, **percentiles(seconds[name]), "times Mercato": round(float(ratio), 2)}
    chosen = name == MERCATO
    return Row(f"{collection.name}: {name}", metrics, sum(seconds[name]), 0.0, chosen)


def main() -> None:
    asked = arguments(__doc__, name="search_peers", data=data_folder() / "search", minutes=60)
    rows: list[Row] = []
    counts = {each.name: 0 for each in COLLECTIONS}
    sources = []
    for collection in COLLECTIONS:
        if not _wants(asked, collection.name, [each.name for each in COLLECTIONS]):
            continue
        data = asked.data / collection.name
        found, counts[collection.name] = measure(data, collection, asked)
        rows += found
        sources += [data / collection.items, data / "judgments.csv"]
    missing = "" if duck.is_there() else "DuckDB's full text extension was not on the machine."
    write_result(
        asked.out,
        name="search_peers",
        protocol=PROTOCOL.format(n=counts, timed=f"{TIMED:,}", duck=missing).strip(),
        data=sources,
        rows=rows,
    )


if __name__ == "__main__":
    main()
