"""Which engine makes a shop's derived assets."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mercato.core.errors import WrongUse
from mercato.core.settings import DataSettings
from mercato.data.engines.duckdb import open_engine
from mercato.data.engines.protocol import TableEngine
from mercato.data.engines.spark import open_spark

ENGINES = ("duckdb", "spark")


@contextmanager
def open_table_engine(settings: DataSettings, folder: Path) -> Iterator[TableEngine]:
    """The engine that a shop names.

    folder : the shop's; where Spark runs on other machines, they see it by the same path

    Raises WrongUse where there is no such engine; NotReady where what it needs is not there.
    """
    if settings.engine == "duckdb":
        with open_engine(settings.memory_mb) as duckdb:
            yield duckdb
    elif settings.engine == "spark":
        with open_spark(settings.spark_url, folder / "build" / "spark") as spark:
            yield spark
    else:
        known = ", ".join(ENGINES)
        raise WrongUse(f"an engine out of {known}", repr(settings.engine), "Name one of those.")
