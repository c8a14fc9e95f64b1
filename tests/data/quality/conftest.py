"""A small shop's log and feed, made up with a seed, and a supermarket's first two months."""

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mercato.core.settings import QualitySettings, Settings
from mercato.data.importing import import_events, import_items
from mercato.data.report import ImportReport
from mercato.data.store import AssetStore

Rows = list[dict[str, object]]
TakeIn = Callable[..., ImportReport]

ITEMS = 60
SHOPPERS = 100
LINES_A_DAY = 40


def items(prices: float = 1.0) -> Rows:
    """Sixty products in six categories; product n costs n + 1."""
    return [
        {
            "id": f"i{n}",
            "title": f"Product number {n}",
            "price": (n + 1) * prices,
            "product_type": f"{'ABC'[n % 3]} > {'xy'[n % 2]}",
            "brand": f"brand {n % 5}",
        }
        for n in range(ITEMS)
    ]


def events(first: date, days: int) -> Rows:
    """About forty lines a day, 37 to 43, of a hundred shoppers."""
    chance = random.Random(first.toordinal())
    rows: Rows = []
    for day in (first + timedelta(days=n) for n in range(days)):
        for n in range(LINES_A_DAY + chance.randint(-3, 3)):
            item = chance.randrange(ITEMS)
            rows.append(
                {
                    "event_id": f"{day}-{n}",
                    "ts": datetime(day.year, day.month, day.day, 9 + n % 12),
                    "event": chance.choice(("view_item", "view_item", "purchase")),
                    "user_id": f"u{chance.randrange(SHOPPERS)}",
                    "visitor_id": None,
                    "item_id": f"i{item}",
                    "price": float(item + 1),
                }
            )
    return rows


@pytest.fixture
def feed() -> Callable[..., Rows]:
    return items


@pytest.fixture
def log() -> Callable[..., Rows]:
    return events


def importer(store: AssetStore, folder: Path) -> TakeIn:
    """Imports rows as a Parquet file of their own."""
    numbers = iter(range(1_000))

    def run(asset: str, rows: Rows, *, full: bool = False, **quality: object) -> ImportReport:
        file = folder / f"{asset}-{next(numbers)}.parquet"
        pq.write_table(pa.Table.from_pylist(rows), file)
        settings = Settings(quality=QualitySettings(**quality))
        if asset == "items":
            return import_items(store, [file], full=full, settings=settings)
        return import_events(store, [file], settings=settings)

    return run


@pytest.fixture
def take_in(tmp_path: Path, store: AssetStore) -> TakeIn:
    return importer(store, tmp_path)


@pytest.fixture(scope="session")
def january(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The assets of a shop after its first import: January 2026, and its feed."""
    folder = tmp_path_factory.mktemp("january")
    run = importer(AssetStore(folder / "assets"), folder)
    for asset, rows in (("events", events(date(2026, 1, 1), 31)), ("items", items())):
        assert run(asset, rows).alarms == ()
    return folder / "assets"


@pytest.fixture(scope="session")
def supermarket(journey: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Tables ``january`` and ``february``: what every eighth household bought."""
    with duckdb.connect() as database:
        for number, name in ((1, "january"), (2, "february")):
            database.sql(f"""
                CREATE TABLE {name} AS
                SELECT basket_id::VARCHAR AS event_id,
                    (row_number() OVER (PARTITION BY basket_id ORDER BY product_id) - 1)::INTEGER
                        AS line,
                    transaction_timestamp AS ts, 'purchase' AS event,
                    household_id::VARCHAR AS user_id, NULL::VARCHAR AS visitor_id,
                    product_id::VARCHAR AS item_id, quantity,
                    round(sales_value / nullif(quantity, 0), 4) AS price, sales_value AS value
                FROM '{journey}/transactions.parquet'
                WHERE household_id % 8 = 0 AND month(transaction_timestamp) = {number}
                    AND year(transaction_timestamp) = 2017
            """)
        yield database
