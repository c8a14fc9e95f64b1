"""The nearest of 100,000 to ten million texts: every one compared, a scan by sign, a graph.

``--data`` is a built shop with an encoder, whose texts' vectors are taken as they are where there
are enough, and mixed where there are not; a ``--models`` is a number of texts, as in
``100000,1000000``. Ten million need 7 GB of disk, 3 of memory for making the graph, and an hour
or more of two cores; with ``--merge`` they join what was measured before.
"""

import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import numkong
import numpy as np
from numpy.typing import NDArray

from bench.harness import (
    DEMO,
    Row,
    arguments,
    forget_peak,
    mapped_mb,
    own_peak_mb,
    percentiles,
    source_of,
)
from bench.merging import write_merged
from mercato.catalogue.base import open_base
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.graph import Graph, write_graph
from mercato.catalogue.vectors import VectorIndex, Vectors, quantise, write_quantised
from mercato.core.progress import Silent
from mercato.evaluation.intervals import bootstrap
from mercato.models.text_encoder import TextEncoder
from mercato.training.encoder_strength import partial_titles

SIZES, QUICK_SIZES = (100_000, 1_000_000, 10_000_000), (20_000,)
QUERIES, QUICK_QUERIES = 300, 30
WARMING = 20
DEPTHS = (10, 100, 1_000)
MOST = 1_000
SECONDS_A_TEXT = 0.0006
"""What a million texts took for one, all steps together, on a busy machine."""

NOISE = 0.25
"""Length of what is added to a mixed vector, which is as long as 1."""

_CHUNK = 1 << 16

PROTOCOL = (
    "Vectors of {source}: {real:,} texts as its encoder reads them; where more are wanted, each "
    "further one is a mix of two of them, with weights from 0 to 1, and noise of length {noise}. "
    "{queries} queries, three words of a title each, read by the same encoder. recall@k: share of "
    "the k texts with the highest cosines of all int8 vectors that are among the k best found. "
    "Times: one query after the other, cosines and the best {most} of them, encoding not included; "
    "processor: what that took of one. `all`: every text compared; `signs`: scanned by sign first; "
    "`graph`: asked first; cosines are exact in all three. MB both: memory of two worker processes "
    "that have asked all queries of one index, one after the other (PSS: what they share counts "
    "once); MB own: what one of them shares with nobody. build s: on all cores."
)


@dataclass(frozen=True)
class Source:
    """A shop's texts as vectors, and queries for them.

    unit    : (n, d) int8 with their inverse lengths
    queries : (m, d) float32
    """

    name: str
    vectors: Vectors
    queries: NDArray[np.float32]

    @classmethod
    def of(cls, shop: Path, n_queries: int) -> "Source":
        folder = source_of(shop).parent
        index = VectorIndex.open(folder / "vectors")
        base = Catalogue.over(open_base(folder / "catalogue", None), 0)
        chance = np.random.default_rng(0)
        rows = chance.choice(base.n_base, min(base.n_base, 4 * n_queries), replace=False)
        titles = [item["title"] for item in base.items(rows)]
        _, queries = partial_titles(titles, 0)
        encoder = TextEncoder.open(folder / "encoder")
        return cls(shop.name, index.base, encoder.encode_queries(queries[:n_queries]))

    def parts(self, n: int) -> Iterator[NDArray[np.int8]]:
        """n vectors, (·, d) at a time: the shop's, then mixed ones."""
        chance = np.random.default_rng(1)
        own = min(n, len(self.vectors))
        yield from (
            self.vectors.vectors[at : min(at + _CHUNK, own)] for at in range(0, own, _CHUNK)
        )
        for start in range(own, n, _CHUNK):
            count = min(_CHUNK, n - start)
            first, second = (self._drawn(count, chance) for _ in range(2))
            weight = chance.random((count, 1), np.float32)
            mixed = first * weight + second * (1 - weight)
            mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
            noise = chance.standard_normal(mixed.shape, np.float32)
            yield quantise(mixed + noise * np.float32(NOISE / mixed.shape[1] ** 0.5))

    def _drawn(self, count: int, chance: np.random.Generator) -> NDArray[np.float32]:
        found = self.vectors.some(np.sort(chance.integers(len(self.vectors), size=count)))
        unit = found.vectors * found.inverse_lengths[:, None]
        return chance.permutation(unit)


WAYS = ("all", "signs", "graph")


def opened(folder: Path, way: str) -> VectorIndex:
    index = VectorIndex.open(folder / "vectors")
    if way == "all":
        return replace(index, look=None)
    if way == "signs":
        return index
    return replace(index, look=Graph.open(folder / "graph", index.dimensions))


def nearest(index: VectorIndex, query: NDArray[np.float32]) -> NDArray[np.int64]:
    return index.nearest(query, MOST, threshold=-1)[0]


def ask(folder: Path, way: str, queries: NDArray[np.float32], pipe: Connection) -> None:
    """A worker process: opens the index, answers all queries when told to, stays until told."""
    index = opened(folder, way)
    for query in queries[:WARMING]:
        nearest(index, query)
    pipe.send(None)
    pipe.recv()
    seconds, own, found = [], [], []
    for query in queries:
        begun, own_begun = time.perf_counter(), time.process_time()
        found.append(nearest(index, query))
        seconds.append(time.perf_counter() - begun)
        own.append(time.process_time() - own_begun)
    pipe.send((seconds, own, np.array(found)))
    pipe.recv()


@dataclass(frozen=True)
class Asked:
    """seconds    : of each query
    processor  : the same of its processor alone
    found      : (n_queries, MOST) texts, the best first
    *_mb       : as the protocol says
    """

    seconds: list[float]
    processor: list[float]
    found: NDArray[np.int64]
    both_mb: float
    own_mb: float
    peak_mb: float


def by_two_workers(folder: Path, way: str, queries: NDArray[np.float32]) -> Asked:
    context = multiprocessing.get_context("spawn")
    pipes, workers = [], []
    for _ in range(2):
        pipe, other = context.Pipe()
        worker = context.Process(target=ask, args=(folder, way, queries, other), daemon=True)
        worker.start()
        pipe.recv()
        pipes.append(pipe)
        workers.append(worker)
    answers = []
    for pipe in pipes:
        pipe.send(None)
        answers.append(pipe.recv())
    pids = [worker.pid for worker in workers if worker.pid is not None]
    both = sum(mapped_mb(pid, "Pss") for pid in pids)
    own = max(mapped_mb(pid, "Private_Dirty", "Private_Clean") for pid in pids)
    peak = sum(mapped_mb(pid, "Rss") for pid in pids)
    for pipe, worker in zip(pipes, workers, strict=True):
        pipe.send(None)
        worker.join()
    seconds, processor = ([each for told in answers for each in told[at]] for at in (0, 1))
    return Asked(seconds, processor, answers[0][2], both, own, peak)


def truly_nearest(index: VectorIndex, queries: NDArray[np.float32]) -> NDArray[np.int64]:
    """(n_queries, MOST) texts by all cosines, the best first, then by number."""
    asked = quantise(queries)
    texts: NDArray[np.int64] = np.zeros((len(queries), 0), np.int64)
    values: NDArray[np.float32] = np.zeros((len(queries), 0), np.float32)
    for start in range(0, len(index.base), _CHUNK):
        part = index.base.some(np.arange(start, min(start + _CHUNK, len(index.base))))
        products = numkong.cdist(asked, part.vectors, metric="inner", out_dtype="float32")
        cosines = np.asarray(products, np.float32).reshape(len(queries), -1) * part.inverse_lengths
        numbers = np.broadcast_to(np.arange(start, start + len(part)), cosines.shape)
        texts, values = np.hstack([texts, numbers]), np.hstack([values, cosines])
        best = np.argsort(-values, axis=1, kind="stable")[:, :MOST]
        texts = np.take_along_axis(texts, best, 1)
        values = np.take_along_axis(values, best, 1)
    return texts


def recalls(found: NDArray[np.int64], true: NDArray[np.int64]) -> dict[str, object]:
    told: dict[str, object] = {}
    for k in DEPTHS:
        shares = [len(np.intersect1d(a[:k], b[:k])) / k for a, b in zip(found, true, strict=True)]
        value = bootstrap(np.array(shares))
        told[f"recall@{k}"] = {"value": value.value, "low": value.low, "high": value.high}
    return told


def measure(source: Source, n: int, folder: Path) -> list[Row]:
    """The rows of one size."""
    begun = time.perf_counter()
    rows = np.arange(n, dtype=np.int32)
    shape = (n, source.queries.shape[1])
    write_quantised(folder / "vectors", source.parts(n), shape, rows, most_exact=0)
    written = time.perf_counter() - begun
    forget_peak()
    begun = time.perf_counter()
    with Silent().step("graph") as step:
        write_graph(folder / "graph", folder / "vectors", step)
    graph_seconds, graph_peak = time.perf_counter() - begun, own_peak_mb()
    true = truly_nearest(VectorIndex.open(folder / "vectors"), source.queries)
    built = {"all": written, "signs": written, "graph": written + graph_seconds}
    found = []
    for way in WAYS:
        begun = time.perf_counter()
        asked = by_two_workers(folder, way, source.queries)
        metrics: dict[str, object] = {"texts": n, "build s": round(built[way], 1)}
        metrics |= percentiles(asked.seconds) | recalls(asked.found, true)
        metrics["processor p50 ms"] = percentiles(asked.processor)["p50 ms"]
        metrics |= {"MB both": round(asked.both_mb), "MB own": round(asked.own_mb)}
        metrics["bytes a text"] = round(disk_bytes(folder, way) / n)
        seconds = time.perf_counter() - begun + built[way]
        peak = max(asked.peak_mb, graph_peak if way == "graph" else 0)
        found.append(Row(f"{n:,} texts, {way}", metrics, seconds, peak))
        print(found[-1].model, metrics, flush=True)
    return found


def disk_bytes(folder: Path, way: str) -> int:
    wanted = {"all": ["vectors"], "signs": ["vectors"], "graph": ["vectors", "graph"]}[way]
    files = [path for name in wanted for path in (folder / name).iterdir()]
    return sum(path.stat().st_size for path in files if way != "all" or path.stem != "signs")


def main() -> None:
    asked = arguments(__doc__, name="vectors", data=DEMO, minutes=15)
    source = Source.of(asked.data, QUICK_QUERIES if asked.quick else QUERIES)
    rows: list[Row] = []
    left = asked.minutes * 60
    for n in sizes(asked.quick):
        if not asked.wants(str(n)):
            continue
        if n * SECONDS_A_TEXT > left:
            print(f"{n:,} texts would take about {n * SECONDS_A_TEXT / 60:.0f} minutes: left out")
            continue
        begun = time.perf_counter()
        folder = Path(tempfile.mkdtemp(prefix="mercato-vectors-"))
        try:
            rows += measure(source, n, folder)
        finally:
            shutil.rmtree(folder)
        left -= time.perf_counter() - begun
    protocol = PROTOCOL.format(
        source=source.name,
        real=len(source.vectors),
        noise=NOISE,
        queries=len(source.queries),
        most=f"{MOST:,}",
    )
    write_merged(asked, name="vectors", protocol=protocol, data=[source_of(asked.data)], rows=rows)


def sizes(quick: bool) -> Sequence[int]:
    return QUICK_SIZES if quick else SIZES


if __name__ == "__main__":
    main()
