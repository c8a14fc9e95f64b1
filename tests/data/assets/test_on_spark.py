"""Spark makes of a shop what DuckDB makes of it, also where one of its executors is killed."""

import importlib.util
import math
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Timer
from typing import Any

import psutil
import pyarrow as pa
import pytest

from bench.scale_log import Size, fill
from mercato.core.errors import NotReady
from mercato.core.progress import Silent
from mercato.core.settings import DataSettings, Settings
from mercato.data.assets import ASSETS
from mercato.data.derive import derive
from mercato.data.engines.java import java_home, startable
from mercato.data.store import AssetStore

DERIVED = [name for name, asset in ASSETS.items() if asset.build]

# For tables of a thousand rows it takes longest to compile.
SPARK_DEFAULTS = """
spark.sql.shuffle.partitions 2
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
spark.sql.adaptive.enabled false
spark.driver.memory 700m
spark.executor.memory 700m
"""

Tables = dict[str, pa.Table]


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Spark's defaults for small tables. Skips where Spark cannot run."""
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pip install 'mercato[spark]'")
    try:
        java_home()
    except NotReady as error:
        pytest.skip(error.remedy)
    defaults = tmp_path_factory.mktemp("spark-conf")
    (defaults / "spark-defaults.conf").write_text(SPARK_DEFAULTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(defaults))
        patch.setenv("SPARK_WORKER_DIR", str(tmp_path_factory.mktemp("spark-workers")))
        yield


@pytest.fixture(scope="module")
def shop_of(log, tmp_path_factory: pytest.TempPathFactory):
    """A random shop, and a generated one with answers, in one log."""

    def make() -> AssetStore:
        store = AssetStore(tmp_path_factory.mktemp("shop") / "assets")
        fill(store, Size(1_000, items=50))
        for name, rows in (("items", log.items), ("events", log.events)):
            table = pa.Table.from_pylist(list(map(_apart, rows)), schema=ASSETS[name].schema)
            store.commit(name, table, mode="append")
        return store

    return make


def _apart(row: dict[str, Any]) -> dict[str, Any]:
    """Under other ids than the generated rows have."""
    ids = {name: row[name] for name in ("id", "event_id", "item_id") if row.get(name)}
    return row | {name: f"r{value}" for name, value in ids.items()}


@pytest.fixture(scope="module")
def by_duckdb(shop_of) -> Tables:
    return derive(shop_of(), DERIVED, settings=Settings())


@pytest.fixture(scope="module")
def by_spark(tried, shop_of) -> Tables:
    settings = replace(Settings(), data=DataSettings(engine="spark", spark_url="local[2]"))
    return derive(shop_of(), DERIVED, settings=settings)


def close(one: object, other: object) -> bool:
    """Equal, floats but for the order in which they were added."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(close, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(close(one[name], other[name]) for name in one)
    return one == other


def assert_same(name: str, found: pa.Table, expected: pa.Table) -> None:
    assert found.schema == expected.schema == ASSETS[name].schema
    assert found.num_rows == expected.num_rows
    rows = zip(found.to_pylist(), expected.to_pylist(), strict=True)
    assert next(((one, other) for one, other in rows if not close(one, other)), None) is None


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", DERIVED)
def test_spark_makes_the_rows_that_duckdb_makes(name: str, by_duckdb, by_spark) -> None:
    assert_same(name, by_spark[name], by_duckdb[name])


@pytest.mark.soak
def test_the_log_that_is_compared_has_rows_for_nearly_all_assets(by_duckdb) -> None:
    empty = {name for name in DERIVED if not by_duckdb[name].num_rows}
    assert empty <= {"item_languages", "near_duplicates", "reformulations", "shopper_flags"}


CONNECT_SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
OVER_CONNECT = ("sessions", "histories", "query_statistics", "item_flags")
"""Windows and lists, text, and a function of ours."""


@pytest.fixture(scope="module")
def connect_url(tried, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a Spark Connect server that is a process of its own."""
    client = ("pandas", "grpc", "grpc_status", "zstandard")
    if any(importlib.util.find_spec(name) is None for name in client):
        pytest.skip("pip install 'pyspark[connect]'")
    spec = importlib.util.find_spec("pyspark")
    assert spec is not None and spec.origin is not None
    home = Path(spec.origin).parent
    java = startable(java_home(), tmp_path_factory.mktemp("spark-java"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["--master", "local[2]", "--class", CONNECT_SERVER, "--conf", "spark.ui.enabled=false"]
    for name, value in {"port": port, "address": "127.0.0.1"}.items():
        words += ["--conf", f"spark.connect.grpc.binding.{name}={value}"]
    with subprocess.Popen(
        [
            home / "bin" / "spark-submit",
            *words,
            "--conf",
            "spark.ui.enabled=false",
            "spark-internal",
        ],
        env=os.environ | {"SPARK_HOME": str(home), "JAVA_HOME": str(java)},
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            _wait_for(port, server)
            yield f"sc://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    while server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the Spark Connect server ended: {server.returncode}")


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_a_spark_connect_server_makes_the_same_rows(connect_url, shop_of, by_duckdb) -> None:
    data = DataSettings(engine="spark", spark_url=connect_url)
    made = derive(shop_of(), OVER_CONNECT, settings=replace(Settings(), data=data))
    for name in OVER_CONNECT:
        assert_same(name, made[name], by_duckdb[name])


class Killing(Silent):
    """Kills an executor while sessions are made."""

    def __init__(self) -> None:
        self.killed: list[int] = []

    @contextmanager
    def step(self, name: str, total: int | None = None) -> Iterator[Any]:
        if name == "Deriving sessions":
            Timer(0.5, self._kill).start()
        with super().step(name, total) as step:
            yield step

    def _kill(self) -> None:
        victim = executors()[0]
        victim.kill()
        self.killed.append(victim.pid)


KILLED_DURING = ("sessions", "histories")


def executors() -> list[psutil.Process]:
    """The executors of this process's Spark."""
    return [
        each
        for each in psutil.Process().children(recursive=True)
        if "CoarseGrainedExecutorBackend" in " ".join(each.cmdline())
    ]


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_a_killed_executor_takes_nothing_with_it(tried, shop_of, by_duckdb) -> None:
    """Two executors of one core; Spark gives the work of a lost one to another."""
    data = DataSettings(engine="spark", spark_url="local-cluster[2,1,700]")
    killing = Killing()
    made = derive(
        shop_of(), KILLED_DURING, settings=replace(Settings(), data=data), progress=killing
    )
    assert len(killing.killed) == 1 and not psutil.pid_exists(killing.killed[0])
    for name in KILLED_DURING:
        assert_same(name, made[name], by_duckdb[name])


@pytest.mark.soak
def test_nothing_is_left_of_tables_in_between(by_spark, tmp_path_factory) -> None:
    left = [path for path in Path(tmp_path_factory.getbasetemp()).rglob("build/spark/*/*")]
    assert left == []
