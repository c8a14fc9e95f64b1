"""Whether drift raises its alarm on the next import, and a clean month raises none.

``--data`` is the demo's shop: a supermarket's year. Its events come month by month, and so does
its feed as it stood at each month's end. Into every month but the first each fault is seeded in
turn, and imported over the clean months before it.
"""

import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from bench.harness import DEMO, Row, arguments, shop_of, source_of, write_result
from mercato.core.settings import QualitySettings, Settings
from mercato.data.importing import import_events, import_items
from mercato.data.store import AssetStore

QUICK_MONTHS = 3

PROTOCOL = (
    "A supermarket's year, imported month by month: {months} months of event lines by UTC "
    "calendar month, and the feed with the prices of each month (--full). Clean months: alarms "
    "per import, with 25 December as a closed day (the default), and without. Faults: each is "
    "seeded into each month from the second on, over clean months before it; raised: months in "
    "which the alarm that names it was raised on that import; false alarms: all of a clean import, "
    "those of other names in a seeded one."
)


@dataclass(frozen=True)
class Fault:
    """change : SQL that alters the table ``month``, given a source of chance and the month"""

    name: str
    asset: str
    alarm: str
    change: Callable[[duckdb.DuckDBPyConnection, random.Random], None]


@dataclass
class Tally:
    """Of one row of the result."""

    imports: int = 0
    raised: int = 0
    others: list[str] = field(default_factory=list)
    seconds: float = 0.0


def price_in_cents(database: duckdb.DuckDBPyConnection, chance: random.Random) -> None:
    database.sql("UPDATE month SET price = price * 100")


def day_missing(database: duckdb.DuckDBPyConnection, chance: random.Random) -> None:
    """Any day but the first and the last, and none that is closed."""
    days = _days(database)
    gone = chance.choice(days[1:-1])
    database.execute("DELETE FROM month WHERE ts::DATE = ?", [gone])


def first_day_missing(database: duckdb.DuckDBPyConnection, chance: random.Random) -> None:
    """Where two imports meet."""
    database.execute("DELETE FROM month WHERE ts::DATE = ?", [_days(database)[0]])


def _days(database: duckdb.DuckDBPyConnection) -> list[object]:
    return [
        row[0]
        for row in database.sql("SELECT DISTINCT ts::DATE d FROM month ORDER BY d").fetchall()
    ]


def crawlers(database: duckdb.DuckDBPyConnection, chance: random.Random) -> None:
    """Five visitors look at products all month: a tenth of all lines more."""
    _add_lines(database, chance, share=0.1, bots=5, event="view_item", who="visitor_id")


def scalpers(database: duckdb.DuckDBPyConnection, chance: random.Random) -> None:
    """Three accounts buy like nobody else: 6% of all lines more."""
    _add_lines(database, chance, share=0.06, bots=3, event="purchase", who="user_id")


def _add_lines(
    database: duckdb.DuckDBPyConnection,
    chance: random.Random,
    *,
    share: float,
    bots: int,
    event: str,
    who: str,
) -> None:
    """Copies of chosen lines under other identities, at about the same times."""
    database.sql(f"SELECT setseed({chance.random()})")
    other = "visitor_id" if who == "user_id" else "user_id"
    database.sql(f"""
        INSERT INTO month SELECT * REPLACE (
            'bot-' || row_number() OVER () AS event_id, 0 AS line, '{event}' AS event,
            'bot-' || CAST(floor(random() * {bots}) AS INTEGER) AS {who}, NULL AS {other},
            NULL AS transaction_id)
        FROM (FROM month USING SAMPLE {share * 100} PERCENT (bernoulli))
    """)


def leaf_renamed(database: duckdb.DuckDBPyConnection, chance: random.Random) -> None:
    paths = database.sql(
        "SELECT product_type FROM month WHERE product_type LIKE '% > %' "
        "GROUP BY 1 HAVING count(*) >= 10 ORDER BY 1"
    ).fetchall()
    old = chance.choice(paths)[0]
    new = old + " & more"
    database.execute("UPDATE month SET product_type = ? WHERE product_type = ?", [new, old])


def department_renamed(database: duckdb.DuckDBPyConnection, chance: random.Random) -> None:
    tops = database.sql(
        "SELECT split_part(product_type, ' > ', 1) FROM month WHERE product_type IS NOT NULL "
        "GROUP BY 1 HAVING count(*) >= 10 ORDER BY 1"
    ).fetchall()
    old = chance.choice(tops)[0]
    database.execute(
        "UPDATE month SET product_type = 'New ' || product_type "
        "WHERE split_part(product_type, ' > ', 1) = ?",
        [old],
    )


FAULTS = (
    Fault("prices × 100 (events)", "events", "price-level", price_in_cents),
    Fault("a day missing", "events", "day-missing", day_missing),
    Fault("the first day missing", "events", "day-missing", first_day_missing),
    Fault("bots: 5 visitors, 10% more lines", "events", "bot-traffic", crawlers),
    Fault("bots: 3 accounts, 6% more lines", "events", "bot-traffic", scalpers),
    Fault("prices × 100 (items)", "items", "price-level", price_in_cents),
    Fault("a category renamed", "items", "category-renamed", leaf_renamed),
    Fault("a department renamed", "items", "category-renamed", department_renamed),
)


@dataclass(frozen=True)
class Shop:
    """The year, and a scratch folder. closed : days declared"""

    database: duckdb.DuckDBPyConnection
    scratch: Path
    closed: tuple[str, ...] = QualitySettings.closed_days

    def months(self, asset: str) -> list[str]:
        """First days; the events' last one holds four hours only, and is no month of the feed."""
        found = self.database.sql(
            "SELECT DISTINCT strftime(ts, '%Y-%m-01') m FROM events ORDER BY m"
        ).fetchall()
        return [row[0] for row in found][: None if asset == "events" else 12]

    def load(self, asset: str, month: str) -> None:
        """The table ``month``: what the shop would send."""
        if asset == "events":
            where = f"date_trunc('month', ts) = DATE '{month}'"
            self.database.sql(f"CREATE OR REPLACE TABLE month AS FROM events WHERE {where}")
            return
        before = f"ts < DATE '{month}' + INTERVAL 1 MONTH AND price > 0"
        self.database.sql(f"""
            CREATE OR REPLACE TABLE month AS
            SELECT items.* REPLACE (round(sold.price, 2) AS price)
            FROM items JOIN (
                SELECT item_id, arg_max(price, m) AS price FROM (
                    SELECT item_id, date_trunc('month', ts) AS m, median(price) AS price
                    FROM events WHERE {before} GROUP BY ALL) GROUP BY item_id
            ) sold ON items.id = sold.item_id
        """)

    def take_in(self, asset: str, store: AssetStore) -> tuple[list[str], float]:
        """Import the table ``month``; the alarms' names and the seconds."""
        file = self.scratch / f"{asset}.parquet"
        self.database.sql(f"COPY month TO '{file}' (FORMAT parquet)")
        settings = replace(Settings(), quality=QualitySettings(closed_days=self.closed))
        begun = time.perf_counter()
        if asset == "events":
            report = import_events(store, [file], settings=settings)
        else:
            report = import_items(store, [file], full=True, settings=settings)
        return [alarm.name for alarm in report.alarms], time.perf_counter() - begun


def clean_year(
    shop: Shop, asset: str, months: Sequence[str]
) -> Iterator[tuple[str, Path, list[str], float]]:
    """(month, assets before it, alarms, seconds) of each clean import, one over the other."""
    with tempfile.TemporaryDirectory(dir=shop.scratch) as folder:
        assets = Path(folder) / "assets"
        for month in months:
            assets.mkdir(exist_ok=True)
            before = Path(folder) / "before"
            shutil.rmtree(before, ignore_errors=True)
            shutil.copytree(assets, before)
            shop.load(asset, month)
            alarms, seconds = shop.take_in(asset, AssetStore(assets))
            yield month, before, alarms, seconds


def seeded(shop: Shop, fault: Fault, month: str, before: Path, tally: Tally) -> None:
    """Import one month with its fault over the clean ones before it."""
    with tempfile.TemporaryDirectory(dir=shop.scratch) as folder:
        assets = Path(folder) / "assets"
        shutil.copytree(before, assets)
        shop.load(fault.asset, month)
        fault.change(shop.database, random.Random(f"{fault.name} {month}"))
        alarms, seconds = shop.take_in(fault.asset, AssetStore(assets))
    tally.imports += 1
    tally.seconds += seconds
    tally.raised += fault.alarm in alarms
    tally.others += [f"{month[:7]}: {name}" for name in alarms if name != fault.alarm]


def measure(shop: Shop, asset: str, months: int | None) -> Iterator[tuple[str, Tally]]:
    """The rows of one asset: clean months, then every fault."""
    faults = [fault for fault in FAULTS if fault.asset == asset]
    clean = Tally()
    tallies = {fault.name: Tally() for fault in faults}
    for month, before, alarms, seconds in clean_year(shop, asset, shop.months(asset)[:months]):
        clean.imports += 1
        clean.seconds += seconds
        clean.others += [f"{month[:7]}: {name}" for name in alarms]
        # The first import has nothing before it, and the last hours of the log are no month.
        if clean.imports > 1 and month < "2018":
            for fault in faults:
                seeded(shop, fault, month, before, tallies[fault.name])
        print(month, asset, alarms, {name: (t.raised, t.others) for name, t in tallies.items()})
    yield f"clean months ({asset})", clean
    yield from tallies.items()


def row(name: str, tally: Tally) -> Row:
    metrics: dict[str, object] = {"imports": tally.imports}
    if not name.startswith("clean"):
        metrics["raised"] = tally.raised
    metrics["false alarms"] = len(tally.others)
    return Row(name, metrics, tally.seconds, 0.0)


def main() -> None:
    asked = arguments(__doc__, name="drift", data=DEMO, minutes=15)
    months = QUICK_MONTHS if asked.quick else None
    rows = []
    with shop_of(asked.data) as folder, tempfile.TemporaryDirectory() as scratch:
        store = AssetStore(folder / "assets")
        with duckdb.connect() as database:
            database.sql("SET TimeZone = 'UTC'")
            for asset in ("items", "events"):
                files = store.files(asset)
                names = ", ".join(store.read(asset, columns=[]).schema.names or ["*"])
                where = "WHERE ts < DATE '2018-02-01'" if asset == "events" else ""
                source = f"SELECT {names} FROM read_parquet({files}) {where}"
                database.sql(f"CREATE VIEW {asset} AS {source}")
            shop = Shop(database, Path(scratch))
            for asset in ("items", "events"):
                rows += [row(*each) for each in measure(shop, asset, months)]
            undeclared = Tally()
            for month, _, alarms, seconds in clean_year(
                replace(shop, closed=()), "events", shop.months("events")[:months]
            ):
                undeclared.imports += 1
                undeclared.seconds += seconds
                undeclared.others += [f"{month[:7]}: {name}" for name in alarms]
            rows.append(row("clean months (events), no day declared closed", undeclared))
    write_result(
        asked.out,
        name="drift",
        protocol=PROTOCOL.format(months=months or 12),
        data=[source_of(asked.data)],
        rows=rows,
    )


if __name__ == "__main__":
    main()
