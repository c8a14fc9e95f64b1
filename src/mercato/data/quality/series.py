"""What a report draws: lines per day, prices now and before, items per category."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import ibis

from mercato.core import columns as c
from mercato.core.columns import PATH_SEPARATOR
from mercato.data.assets import ASSETS
from mercato.data.engines import Engine, open_engine
from mercato.data.quality.drift.days import usual_range
from mercato.data.quality.profile import PERCENTILES
from mercato.data.quality.profiling import categories_of
from mercato.data.store import AssetStore

MOST_DAYS = 366


@dataclass(frozen=True)
class Series:
    """days : UTC day → lines, newest year, days without lines too
    prices_now, prices_before : percentiles of the items' prices; empty where there are none
    categories : top level → (items now, items in the version before or None)
    """

    days: dict[date, int]
    prices_now: tuple[float, ...]
    prices_before: tuple[float, ...]
    categories: dict[str, tuple[int, int | None]]


def series_of(store: AssetStore) -> Series:
    """Of the newest versions; *before* is the version before, where its files are still there."""
    with open_engine() as engine:
        events, _ = _versions(engine, store, "events")
        items, before = _versions(engine, store, "items")
        return Series(
            days={} if events is None else _days(engine, events),
            prices_now=() if items is None else _prices(engine, items),
            prices_before=() if before is None else _prices(engine, before),
            categories={} if items is None else _categories(engine, items, before),
        )


def _versions(
    engine: Engine, store: AssetStore, name: str
) -> tuple[ibis.Table | None, ibis.Table | None]:
    """The newest version and the one before."""
    newest = store.version(name)
    if newest is None:
        return None, None
    schema = ASSETS[name].schema
    now = engine.files(store.files(name, newest), schema)
    if newest == 0 or name == "events":
        return now, None
    files = store.files(name, newest - 1)
    return now, engine.files(files, schema) if all(Path(f).exists() for f in files) else None


def _days(engine: Engine, lines: ibis.Table) -> dict[date, int]:
    counted = lines.group_by(day=lines[c.TS].date()).aggregate(n=lines.count())
    found = engine.table(counted, order_by=["day"])
    counts = dict(zip(found["day"].to_pylist(), found["n"].to_pylist(), strict=True))
    if not counts:
        return {}
    first, last = usual_range(counts)
    first = max(first, last - timedelta(days=MOST_DAYS - 1))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {day: counts.get(day, 0) for day in days}


def _prices(engine: Engine, items: ibis.Table) -> tuple[float, ...]:
    priced = items.filter(items[c.PRICE] > 0)
    found = engine.table(priced.aggregate(p=priced[c.PRICE].quantile(list(PERCENTILES))))
    return tuple(found["p"][0].as_py() or ())


def _categories(
    engine: Engine, items: ibis.Table, before: ibis.Table | None
) -> dict[str, tuple[int, int | None]]:
    """The most frequent first."""
    now = _tops(engine, items)
    old = None if before is None else _tops(engine, before)
    names = sorted({*now, *(old or ())}, key=lambda name: (-now[name], name))
    return {name: (now[name], None if old is None else old[name]) for name in names}


def _tops(engine: Engine, items: ibis.Table) -> Counter[str]:
    found: Counter[str] = Counter()
    for path, count in categories_of(engine, items).items():
        found[path.split(PATH_SEPARATOR)[0]] += count
    return found
