"""What one event, product, search and training token takes, out of the result files.

A cost whose file is not there has no value, and says which one it waits for.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]

PROCESSOR = "s of a processor"


@dataclass(frozen=True)
class Cost:
    """What one of something takes.

    value  : in ``unit``; None where no result file tells it yet
    source : the result file, and the row in it
    most   : the largest size at which it was measured; what is beyond is extrapolated
    cores  : processors of the machine that it was measured on
    """

    unit: str
    value: float | None
    source: str
    most: float = math.inf
    cores: int = 0


@dataclass(frozen=True)
class Told:
    """Where a cost stands.

    row   : expression that the beginning of a row's name matches; the last such row counts
    value : of its metrics and the number of processors of the machine
    size  : the metric that says how large what was measured was; empty where that is no matter
    """

    file: str
    row: str
    unit: str
    value: Callable[[Row, int], float]
    size: str = ""

    def read(self, folder: Path) -> Cost:
        result = read_result(folder, self.file)
        found = [each for each in result["rows"] if re.match(self.row, each["model"])]
        if not found:
            return Cost(self.unit, None, f"{self.file}.json")
        metrics = found[-1]["metrics"]
        cores = _cores(found[-1].get("machine") or result["machine"])
        most = float(metrics[self.size]) if self.size else math.inf
        source = f"{self.file}.json: {found[-1]['model']}"
        return Cost(self.unit, self.value(metrics, cores), source, most, cores)


def _derived(metrics: Row, _: int) -> float:
    """Seconds of a processor that one more line takes, starts of engines apart where known."""
    whole = float(metrics["CPU s"]) / float(metrics["events"])
    return float(metrics["CPU s a million"]) / 1e6 if "CPU s a million" in metrics else whole


DURABLE = "an event, durable in PostgreSQL"
DUCKDB = "an event in all derived assets, by DuckDB"
SPARK = "an event in all derived assets, by Spark"
REQUEST = "a request of the mix"
BUILT = "a product in a first build"
RESIDENT = "a product in the memory of a server"
VECTOR = "a product's vector and its place in the graph"
TOKEN = "a training token"
GPU_TOKEN = "a training token on a GPU"

BYTES = "bytes"


def _each(metric: str) -> Callable[[Row, int], float]:
    """Seconds of all processors of the machine for one of what it did so many of a second."""
    return lambda told, cores: cores / told[metric]


def _alone(told: Row, _: int) -> float:
    return 1 / float(told["tokens/s"])


def _built(told: Row, cores: int) -> float:
    return cores * float(told["build s"]) / float(told["products"])


def _resident(told: Row, _: int) -> float:
    return float(told["MB"]) * 2**20 / float(told["products"])


def _on_disk(told: Row, _: int) -> float:
    return float(told["bytes a text"])


COSTS: Mapping[str, Told] = {
    DURABLE: Told("ingest", "PostgreSQL with 2 workers", PROCESSOR, _each("events/s")),
    "an event line, imported as CSV": Told("imports", "plain CSV", PROCESSOR, _each("lines/s")),
    DUCKDB: Told("scale", "duckdb,", PROCESSOR, _derived, "events"),
    SPARK: Told("scale", "spark,", PROCESSOR, _derived, "events"),
    BUILT: Told("growth", "", PROCESSOR, _built, "products"),
    RESIDENT: Told("growth", "", BYTES, _resident, "products"),
    VECTOR: Told("vectors", ".*, graph$", BYTES, _on_disk, "texts"),
    REQUEST: Told("load", ".*: capacity$", PROCESSOR, _each("requests/s")),
    TOKEN: Told("training_processes", "one process$", PROCESSOR, _alone),
    GPU_TOKEN: Told("training_processes", r"one process \(GPU\)$", "s of a GPU", _alone),
}
"""All processors of the machine are counted to whatever ran on it, clients included: so these are
upper bounds. A training process has one."""


@dataclass(frozen=True)
class Searches:
    """products → seconds of a search, measured; empty where no result file tells it."""

    seconds: Mapping[int, float]

    @classmethod
    def read(cls, folder: Path) -> "Searches":
        rows = read_result(folder, "growth")["rows"]
        told = {r["metrics"]["products"]: r["metrics"]["HTTP cold p50 ms"] / 1e3 for r in rows}
        return cls(dict(sorted(told.items())))

    @property
    def most(self) -> int:
        return max(self.seconds, default=0)

    def of(self, products: int) -> float:
        """In a straight line between two measured sizes, and on beyond the last two."""
        sizes = list(self.seconds)
        after = next((at for at, size in enumerate(sizes) if size >= products), len(sizes) - 1)
        low, high = sizes[max(after, 1) - 1], sizes[max(after, 1)]
        slope = (self.seconds[high] - self.seconds[low]) / (high - low)
        return self.seconds[low] + slope * (products - low)


def products_of(cost: Cost) -> int:
    """How many products a row's name says there were."""
    found = re.search(r"([\d,]+) products", cost.source)
    return int(found[1].replace(",", "")) if found else 0


def read_result(folder: Path, name: str) -> Any:
    """A result file; one without rows where it is not there."""
    path = folder / f"{name}.json"
    if not path.exists():
        return {"rows": [], "machine": ""}
    return json.loads(path.read_text(encoding="utf-8"))


def files(told: Sequence[Told]) -> list[str]:
    """The result files that costs stand in, each once."""
    return list(dict.fromkeys(each.file for each in told))


def checksums(folder: Path) -> dict[str, str]:
    """Of the result files that are there."""
    paths = [folder / f"{name}.json" for name in sorted(files(list(COSTS.values())))]
    return {
        f"bench/results/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if path.exists()
    }


def _cores(machine: str) -> int:
    return int(machine.partition(" ")[0])
