"""What all measuring scripts share: their arguments, a served shop, the result file."""

import argparse
import hashlib
import http.client
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent

_START_SECONDS = 60
_STOP_SECONDS = 30


@dataclass(frozen=True)
class Row:
    """One line of a result file.

    metrics : name → number, or {"value", "low", "high"}
    peak_mb : largest resident memory of what was measured
    group   : rows of one group are held against each other; of those the best on validation is
              chosen anew where a result is added to
    """

    model: str
    metrics: Mapping[str, object]
    seconds: float
    peak_mb: float
    chosen: bool = False
    group: str = ""


@dataclass(frozen=True)
class Arguments:
    """Every script takes ``--data PATH --out FILE --models A,B --minutes N --quick``.

    paths   : what to measure on, in turn
    models  : the rows to measure; empty for all
    minutes : about how long all of it may take
    quick   : just long enough to see that it works
    merge   : rows that the result has and that are not measured now stay in it
    device  : that networks learn on; rows of others than processors are marked
    """

    paths: tuple[Path, ...]
    out: Path
    models: tuple[str, ...]
    minutes: float
    quick: bool
    merge: bool = False
    device: str = "cpu"

    @property
    def mark(self) -> str:
        """Ends the name of a row that was learned on another device than a processor."""
        return "" if self.device == "cpu" else " (GPU)"

    @property
    def data(self) -> Path:
        """For scripts that measure on one thing."""
        return self.paths[0]

    def wants(self, model: str) -> bool:
        return not self.models or model in self.models


def arguments(
    description: str | None, *, name: str, data: Path | Sequence[Path], minutes: float = 5
) -> Arguments:
    """Read the command line. ``data`` and ``bench/results/<name>.json`` are the defaults."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, action="append", help="a shop or its source")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "results" / f"{name}.json")
    parser.add_argument("--models", default="", help="rows to measure, by comma; all by default")
    parser.add_argument("--minutes", type=float, default=minutes)
    parser.add_argument("--quick", action="store_true", help="see that it works; claims nothing")
    parser.add_argument("--merge", action="store_true", help="keep rows not measured now")
    parser.add_argument("--device", default="cpu", help="cuda: networks learn on a GPU")
    found = parser.parse_args()
    default = (data,) if isinstance(data, Path) else tuple(data)
    models = tuple(filter(None, found.models.split(",")))
    paths = tuple(found.data) if found.data else default
    return Arguments(
        paths, found.out, models, found.minutes, found.quick, found.merge, found.device
    )


def write_result(
    path: Path, *, name: str, protocol: str, data: Sequence[Path], rows: Sequence[Row]
) -> None:
    """Write a result file, with where and on what it was measured."""
    result = {
        "name": name,
        "protocol": protocol,
        "data": {_name(each): _sha256(each) for each in data},
        "rows": [_row(row) for row in rows],
        "commit": _commit(),
        "machine": _machine(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(path)


def _row(row: Row) -> dict[str, object]:
    found: dict[str, object] = {
        "model": row.model,
        "metrics": dict(row.metrics),
        "seconds": round(row.seconds, 2),
        "peak_mb": round(row.peak_mb, 1),
    }
    return found | {"chosen": True} if row.chosen else found


def _name(path: Path) -> str:
    """The place of a file as others have it: below this repository or the folder of data."""
    path = path.resolve()
    for root in (ROOT, data_folder().resolve()):
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return path.name


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _commit() -> str:
    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "src")
    return git("rev-parse", "HEAD") + ("+changes" if changed else "")


def _machine() -> str:
    """``2 cores of Some CPU, 23 GB, Python 3.11.7``."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*:\s*(.+)", text)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    cpu = model[1].strip() if model else platform.processor()
    python = platform.python_version()
    return f"{os.cpu_count()} cores of {cpu}, {memory:.0f} GB{_gpu()}, Python {python}"


def _gpu() -> str:
    """Where something learned with torch and there is one."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return ""
    return f", {torch.cuda.get_device_name()}"


def data_folder() -> Path:
    """The folder of real data sets: MERCATO_DATA, or beside the repository."""
    return Path(os.environ.get("MERCATO_DATA", ROOT.parent / "shared" / "data"))


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """p50 and p99 in milliseconds."""
    p50, p99 = np.percentile(np.array(seconds) * 1e3, [50, 99])
    return {"p50 ms": round(float(p50), 3), "p99 ms": round(float(p99), 3)}


@contextmanager
def shop_copy(shop: Path) -> Iterator[Path]:
    """A shop's assets and releases in a folder of its own, with an empty state."""
    with tempfile.TemporaryDirectory(prefix="mercato-bench-") as scratch:
        copy = Path(scratch) / "shop"
        state = shutil.ignore_patterns("state.db*", "build")
        shutil.copytree(shop, copy, ignore=state)
        yield copy


@contextmanager
def built_shop(items: Path, *words: str) -> Iterator[Path]:
    """A shop that is made of a file of products alone."""
    with tempfile.TemporaryDirectory(prefix="mercato-bench-") as scratch:
        shop = Path(scratch) / "shop"
        mercato("init", str(shop))
        mercato("import", str(shop), "--items", str(items), *words)
        mercato("build", str(shop))
        yield shop


DEMO = ROOT / "var" / "demo"


@contextmanager
def shop_of(path: Path) -> Iterator[Path]:
    """A shop to measure on: a copy of the one at ``path``, or one built of its products.

    Where ``path`` is that of the demo shop, it is built first if it is not there.
    """
    if path == DEMO and not (path / "releases" / "current").exists():
        mercato("demo", "--dir", str(path), "--no-serve")
    if (path / "shop.toml").exists():
        with shop_copy(path) as shop:
            yield shop
    else:
        with built_shop(path / "products.csv.gz") as shop:
            yield shop


def source_of(path: Path) -> Path:
    """The file that says what was measured on, for the result's checksum."""
    current = path / "releases" / "current"
    if current.exists():
        return path / "releases" / current.read_text().strip() / "manifest.json"
    return path / "products.csv.gz"


def products_in(shop: Path) -> int:
    """How many products the published release of a shop has."""
    return int(json.loads(source_of(shop).read_text())["counts"]["items"])


def mercato(*words: str) -> None:
    """Run a command; what it shows, it shows here."""
    subprocess.run([sys.executable, "-m", "mercato.cli", *words], check=True)


@dataclass
class Served:
    """A server that answers.

    host, port    : where
    start_seconds : from the start of its process until it was ready
    """

    process: "subprocess.Popen[str]"
    host: str
    port: int
    start_seconds: float
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection(self.host, self.port, timeout=60)

    def get(self, path: str) -> tuple[float, bytes]:
        """Seconds until the whole answer was there, and its body; over one open connection.

        Raises RuntimeError for any status but 200.
        """
        begun = time.perf_counter()
        self.connection.request("GET", path)
        response = self.connection.getresponse()
        body = response.read()
        seconds = time.perf_counter() - begun
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {body[:300]!r}")
        return seconds, body

    def peak_mb(self) -> float:
        """The largest resident memory so far, of all its processes together."""
        return sum(_peak_mb(pid) for pid in _family(self.process.pid))

    def kill(self) -> None:
        """End all of its processes as a power cut would: no handler runs, nothing is flushed."""
        for pid in _family(self.process.pid):
            os.kill(pid, signal.SIGKILL)
        self.process.wait(_STOP_SECONDS)

    def together_mb(self) -> float:
        """The memory now of all its processes; what they share counts once."""
        return sum(mapped_mb(pid, "Pss") for pid in _family(self.process.pid))

    def own_mb(self) -> float:
        """The memory now that is no file's, of all its processes together: a release is mapped,
        and the system takes its pages back when it wants."""
        return sum(_memory_mb(pid, "RssAnon") for pid in _family(self.process.pid))


def mapped_mb(pid: int, *fields: str) -> float:
    """Of a process, summed over its mappings (Linux): ``Pss`` counts what n processes share a
    n-th each."""
    told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = [re.search(rf"^{field}:\s+(\d+) kB", told, re.MULTILINE) for field in fields]
    return sum(int(each[1]) for each in found if each) / 1024


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in _family(int(child)))]


def _peak_mb(pid: int) -> float:
    return _memory_mb(pid, "VmHWM")


def _memory_mb(pid: int, field: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"{field}:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def own_peak_mb() -> float:
    """The largest resident memory of this process since `forget_peak`."""
    return _peak_mb(os.getpid())


def forget_peak() -> None:
    """Measure the largest resident memory from here on (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")


@contextmanager
def served(shop: Path, workers: int = 1) -> Iterator[Served]:
    """`mercato serve` in a process of its own, until it is ready; ends with this process, also
    where that is told to end (SIGTERM)."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    command = [sys.executable, "-m", "mercato.cli", "serve", str(shop), "--port", "0"]
    begun = time.perf_counter()
    with subprocess.Popen(
        [*command, "--workers", str(workers)], stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            host, port = _address(process)
            _wait_until_ready(host, port)
            yield Served(process, host, port, time.perf_counter() - begun)
        finally:
            process.terminate()
            process.wait(_STOP_SECONDS)


def _address(process: "subprocess.Popen[str]") -> tuple[str, int]:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if found := re.search(r"http://\S+", line):
            # Nobody reads on: a full pipe would stop the server.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            url = urlsplit(found.group())
            return url.hostname or "localhost", url.port or 80
    raise RuntimeError(f"mercato serve ended: {''.join(said)}")


def _wait_until_ready(host: str, port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(host, port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.02)
        finally:
            connection.close()
    raise RuntimeError(f"not ready after {_START_SECONDS} s")


def sample(values: Sequence[str], most: int, seed: int = 0) -> list[str]:
    """At most ``most`` of the values, each once, drawn without bias."""
    distinct = list(dict.fromkeys(values))
    order: NDArray[np.int64] = np.random.default_rng(seed).permutation(len(distinct))
    return [distinct[at] for at in order[:most]]
