"""Every derived asset of a million, ten million, a hundred million events, by DuckDB and by Spark.

The log is made up part by part (bench/scale_log.py). ``--models`` are rows as ``duckdb-10M``; a row
that would not be done within ``--minutes``, going by the smaller ones of its engine, is left out
and named. With MERCATO_BENCH_SHOPS, a folder, the logs are kept there: a hundred million events
take 6 GB, and the largest tables in between as much again. Draws docs/scale.svg from the result.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench import scale_log
from bench.harness import ROOT, Arguments, Row, arguments
from bench.merging import write_merged
from bench.scale_chart import CHART, draw
from mercato.data.store import AssetStore

SIZES = {"1M": 1_000_000, "10M": 10_000_000, "100M": 100_000_000}
QUICK_SIZES = {"50k": 50_000}
DUCKDB_MB = 5_000
"""DuckDB's own limit; what it hands over and Python come on top of it."""

SPARK = "local-cluster[2,1,2048]"
"""Two executors of one core and 2 GB, each a process of its own, and a driver."""

_SPARK_DEFAULTS = "spark.executor.memory 2048m\nspark.driver.memory 1500m\n"
_SAMPLE_SECONDS = 0.2

PROTOCOL = (
    "Generated logs of visits of ten lines ({items:,} products, a shopper for every 120 lines, "
    "three answers for every ten visits; bench/scale_log.py), as Parquet in the asset's parts of a "
    "million rows. Seconds from the start of a process until all {assets} derived assets are "
    "committed, those of products included. duckdb: at most {duckdb:,} MB by its own account, "
    "spilling beyond. spark: two executors of one core each on this machine (local-cluster), "
    "Parquet on its disk. MB: largest sum of resident memory of all processes, sampled. "
    "CPU s: of all of them, user and system. s a million: what a million events add, from the row "
    "before."
)


@dataclass(frozen=True)
class Measured:
    """seconds : until everything was committed; cpu_seconds : of all processes, user and system;
    parts : asset → seconds"""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    parts: Mapping[str, float]


class Taken:
    """What a process and those that it began take: the largest sum of their resident memory, and
    processor seconds."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._cpu: dict[int, float] = {}
        self.mb = 0.0

    @property
    def cpu_seconds(self) -> float:
        return sum(self._cpu.values())

    def __enter__(self) -> "Taken":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._done.wait(_SAMPLE_SECONDS):
            resident = 0
            for process in self._family():
                try:
                    with process.oneshot():
                        times = process.cpu_times()
                        resident += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
                self._cpu[process.pid] = times.user + times.system
            self.mb = max(self.mb, resident / 1024**2)

    def _family(self) -> list[psutil.Process]:
        try:
            return [self._process, *self._process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


@contextmanager
def log_of(name: str, size: scale_log.Size) -> Iterator[Path]:
    """The folder of a shop's log without anything derived."""
    kept = os.environ.get("MERCATO_BENCH_SHOPS")
    with tempfile.TemporaryDirectory(prefix="mercato-scale-") as scratch:
        shop = Path(kept or scratch) / f"scale-{name}"
        made = shop / "made"
        if not made.exists():
            scale_log.fill(AssetStore(shop / "assets"), size)
            made.touch()
        yield shop


def measure(engine: str, shop: Path) -> Measured:
    """Derive everything in a process of its own, from nothing."""
    with tempfile.TemporaryDirectory(prefix="mercato-spark-") as scratch:
        defaults = Path(scratch) / "spark-defaults.conf"
        defaults.write_text(_SPARK_DEFAULTS)
        command = [sys.executable, "-m", "bench.scale_derive", str(shop), engine]
        command += [str(DUCKDB_MB), SPARK]
        environment = os.environ | {"SPARK_CONF_DIR": scratch, "SPARK_WORKER_DIR": scratch}
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        with Taken(psutil.Process(process.pid)) as taken:
            told, _ = process.communicate()
        seconds = time.perf_counter() - begun
    if process.returncode:
        raise SystemExit(f"{engine} failed on {shop}")
    return Measured(seconds, taken.cpu_seconds, taken.mb, json.loads(told.splitlines()[-1]))


def main() -> None:
    generator = Path(scale_log.__file__)
    asked = arguments(__doc__, name="scale", data=generator, minutes=60)
    until = time.perf_counter() + asked.minutes * 60
    rows = _known(asked)
    known = len(rows)
    parts: Mapping[str, float] = {}
    for name, events in (QUICK_SIZES if asked.quick else SIZES).items():
        engines = [each for each in ("duckdb", "spark") if asked.wants(f"{each}-{name}")]
        engines = [each for each in engines if _fits(rows, each, events, until)]
        if not engines:
            continue
        with log_of(name, scale_log.Size(events)) as shop:
            for engine in engines:
                measured = measure(engine, shop)
                rows.append(_row(rows, engine, name, events, measured))
                parts = measured.parts
                print(rows[-1].model, dict(rows[-1].metrics), dict(parts), flush=True)
    write_merged(
        asked,
        name="scale",
        protocol=PROTOCOL.format(
            items=scale_log.Size(0).items, assets=len(parts), duckdb=DUCKDB_MB
        ),
        data=[generator],
        rows=rows[known:],
    )
    if not asked.quick:
        draw(asked.out, CHART)


def _known(asked: Arguments) -> list[Row]:
    """The rows that stand in the result, where it is to be merged into."""
    if not (asked.merge and asked.out.exists()):
        return []
    found = json.loads(asked.out.read_text(encoding="utf-8"))["rows"]
    return [
        Row(row["model"], row["metrics"], row["seconds"], row["peak_mb"], group=engine)
        for row in sorted(found, key=lambda row: row["metrics"]["events"])
        for engine in [row["model"].split(",")[0]]
    ]


def _fits(rows: list[Row], engine: str, events: int, until: float) -> bool:
    """Whether a row is likely to be done in time: as many times longer as it has more events."""
    smaller = [row for row in rows if row.group == engine]
    if not smaller:
        return time.perf_counter() < until
    last = smaller[-1]
    likely = last.seconds * events / int(str(last.metrics["events"]))
    fits = time.perf_counter() + likely < until
    if not fits:
        print(f"left out: {engine} of {events:,} events would take {likely / 60:.0f} minutes")
    return fits


def _row(before: list[Row], engine: str, name: str, events: int, measured: Measured) -> Row:
    metrics: dict[str, object] = {
        "events": events,
        "s": round(measured.seconds, 1),
        "CPU s": round(measured.cpu_seconds, 1),
        "MB": round(measured.peak_mb),
    }
    smaller = [row for row in before if row.group == engine]
    if smaller := [row for row in smaller if int(str(row.metrics["events"])) < events]:
        last = smaller[-1].metrics
        more = (events - int(str(last["events"]))) / 1e6
        metrics["s a million"] = round((measured.seconds - float(str(last["s"]))) / more, 2)
        added = measured.cpu_seconds - float(str(last["CPU s"]))
        metrics["CPU s a million"] = round(added / more, 2)
    slowest = max(measured.parts, key=lambda each: measured.parts[each])
    metrics["slowest"] = f"{slowest}, {measured.parts[slowest]:.0f} s"
    return Row(
        f"{engine}, {name} events", metrics, measured.seconds, measured.peak_mb, group=engine
    )


if __name__ == "__main__":
    main()
