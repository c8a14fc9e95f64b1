"""Spark: Ibis expressions over Parquet files on a path that all of its machines share.

Spark reads a version's files, which delta-rs lists, and writes Parquet files, which delta-rs
commits; so it needs no package for Delta Lake, and asks no registry for one.
"""

import importlib.util
import os
import shutil
import socket
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from mercato.core.errors import BadInput, NotReady
from mercato.data.engines.expressions import cast
from mercato.data.engines.java import java_home, startable
from mercato.data.engines.protocol import Made
from mercato.data.engines.spark_sql import spark_schema, spark_sql, spark_types
from mercato.data.scratch import scratch_in

CONNECT = "sc://"
"""Begins the address of a Spark Connect server; all others are masters."""

_CONNECT_PORT = 15_002
_CONNECT_SECONDS = 5.0

_CONNECTED = "SPARK_CONNECT_MODE_ENABLED"
"""An environment variable that Spark sets for good; no session of the other kind starts with it."""

_CLIENT = "For its client: pip install 'pyspark[connect]' (with pandas, so it is in no extra here)."

_HOW = {
    "spark.sql.session.timeZone": "UTC",
    # As DuckDB: what cannot be is null.
    "spark.sql.ansi.enabled": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}

_AT_START = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
"""Only before there is a session."""

_GLOB = "{}[]*?\\"


class SparkEngine:
    """A session, and a folder for tables in between. See `protocol.TableEngine`.

    What is kept lies in files, so what an executor made before it was lost is not made again.
    """

    def __init__(self, url: str, scratch: Path) -> None:
        self._url = url
        self._scratch = scratch
        self._moments: dict[str, datetime | None] = {}
        self._kept: set[str] = set()

    @cached_property
    def _session(self) -> Any:
        """Spark takes seconds to start, and nothing may have to be made."""
        return _started(self._url, self._scratch)

    def close(self) -> None:
        if "_session" in self.__dict__:
            self._session.stop()
            os.environ.pop(_CONNECTED, None)

    def tell(self, name: str, moment: datetime | None) -> None:
        self._moments[name] = moment

    def open(self, name: str, files: Sequence[str | Path], schema: pa.Schema) -> None:
        if files:
            paths = [_uri(Path(file).absolute()) for file in files]
            rows = self._session.read.schema(spark_schema(schema)).parquet(*paths)
        else:
            nulls = [f"CAST(NULL AS {kind}) `{of}`" for of, kind in spark_types(schema).items()]
            rows = self._session.sql(f"SELECT {', '.join(nulls)} WHERE false")
        rows.createOrReplaceTempView(name)

    def keep(self, name: str, table: ibis.Table, of: Sequence[str] = ()) -> None:
        if name not in self._kept:
            schema = table.schema().to_pyarrow()
            self.open(name, self._written(name, table, schema), schema)
            self._kept.add(name)

    def split(self, name: str, table: ibis.Table, by: str, of: Sequence[str] = ()) -> None:
        """Spark parts rows by itself."""
        self.keep(name, table)

    def through(self, name: str, table: ibis.Table, made: Made) -> None:
        if name not in self._kept:
            schema = table.schema().to_pyarrow()
            rows = _read(self._written(f"{name}-of", table, schema), schema)
            folder = self._folder(name)
            folder.mkdir()
            made.of(rows, folder / "part.parquet")
            self.open(name, [folder / "part.parquet"], made.schema)
            shutil.rmtree(self._folder(f"{name}-of"))
            self._kept.add(name)

    def forget(self, name: str) -> None:
        if name in self._kept:
            self._kept.remove(name)
            self._session.catalog.dropTempView(name)
            shutil.rmtree(self._folder(name), ignore_errors=True)

    def result(
        self, name: str, table: ibis.Table, schema: pa.Schema, of: Sequence[str] = ()
    ) -> pa.RecordBatchReader:
        return _read(self._written(name, table, schema), schema)

    def _folder(self, name: str) -> Path:
        return self._scratch / name

    def _written(self, name: str, table: ibis.Table, schema: pa.Schema) -> list[Path]:
        """The files of an expression's rows, in their order, with the columns of ``schema``."""
        folder = self._folder(name)
        shutil.rmtree(folder, ignore_errors=True)
        rows = self._session.sql(spark_sql(table, self._moments))
        rows = rows.selectExpr(
            *(f"CAST(`{of}` AS {kind}) `{of}`" for of, kind in spark_types(schema).items())
        )
        rows.write.parquet(f"file://{folder}")
        return sorted(folder.glob("*.parquet"))


@contextmanager
def open_spark(url: str, folder: Path) -> Iterator[SparkEngine]:
    """A session on a master, or on a Spark Connect server, that is over afterwards.

    folder : on the path that the machines share; only tables in between lie there

    Raises NotReady where pyspark or Java are not there, or Spark cannot do what it is asked.
    """
    if importlib.util.find_spec("pyspark") is None:
        raise NotReady("pyspark for the engine spark", "none", "pip install 'mercato[spark]'")
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException, PySparkImportError

    with scratch_in(folder) as scratch:
        engine = SparkEngine(url, scratch.absolute())
        try:
            with warnings.catch_warnings():
                # pandas is asked for its version, and not used.
                warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
                yield engine
        except (PySparkException, Py4JError) as error:
            found = str(error).strip().partition("\n")[0]
            remedy = _CLIENT if isinstance(error, PySparkImportError) else "See Spark's log."
            raise NotReady(f"table work on Spark at {_place(url)}", found, remedy) from error
        finally:
            engine.close()


def _started(url: str, scratch: Path) -> Any:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("mercato")
    if connects := url.startswith(CONNECT):
        _require_server(url)
        builder = builder.remote(url)
    else:
        builder = builder.master(url)
        for name, value in _AT_START.items():
            builder = builder.config(name, value)
    with _environment(JAVA_HOME="" if connects else str(startable(java_home(), scratch))):
        session = builder.getOrCreate()
    for name, value in _HOW.items():
        session.conf.set(name, value)
    return session


def _require_server(url: str) -> None:
    """Raises NotReady where nobody listens: Spark's client would ask again for ten minutes;
    BadInput for a port that is none."""
    named = urlsplit(url)
    try:
        address = (named.hostname or "localhost", named.port or _CONNECT_PORT)
    except ValueError:
        raise BadInput(
            "a spark_url as sc://host:15002", _place(url), "Mend it in shop.toml, table [data]."
        ) from None
    try:
        socket.create_connection(address, _CONNECT_SECONDS).close()
    except OSError as error:
        raise NotReady(
            f"a Spark Connect server at {_place(url)}",
            str(error),
            "Start it (sbin/start-connect-server.sh), or name another as spark_url.",
        ) from error


def _place(url: str) -> str:
    """Without parameters, one of which may be a token."""
    return url.partition("/;")[0]


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """With these environment variables, those that are not empty."""
    given = {name: value for name, value in variables.items() if value}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _uri(file: Path) -> str:
    """A path in which no sign stands for others, on the file system whatever Spark's default is."""
    return "file://" + "".join(f"\\{sign}" if sign in _GLOB else sign for sign in str(file))


def _read(files: Sequence[Path], schema: pa.Schema) -> pa.RecordBatchReader:
    """The rows of files, one behind the other, in ``schema``."""

    def batches() -> Iterator[pa.RecordBatch]:
        for file in files:
            with pq.ParquetFile(file) as opened:
                yield from opened.iter_batches(columns=schema.names)

    found = pq.read_schema(files[0]) if files else schema
    # Spark may have other fields beside, and in another order.
    wanted = pa.schema([found.field(name) for name in schema.names])
    return cast(pa.RecordBatchReader.from_batches(wanted, batches()), schema)
