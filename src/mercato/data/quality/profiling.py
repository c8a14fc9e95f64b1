"""Rows → their profile: a few aggregates, one pass each."""

from collections.abc import Mapping

import ibis
import pyarrow as pa

from mercato.core import columns as c
from mercato.data.asset import Asset
from mercato.data.engines import Engine
from mercato.data.quality.profile import PERCENTILES, ColumnProfile, Profile
from mercato.data.quality.traffic import Traffic

FEW_VALUES: Mapping[str, tuple[str, ...]] = {
    "items": (c.AVAILABILITY, c.CURRENCY, c.LANGUAGE, c.STORE_ID),
    "events": (c.EVENT, c.CURRENCY, c.PLACEMENT, c.CHANNEL),
}
"""Asset → the columns whose values are counted one by one."""

_MOST_VALUES = 50
_SAMPLE_ROWS = 500_000
"""Percentiles are taken of about so many rows: their standard error is then below .001."""

_DAY = "%Y-%m-%d"


def profile_of(
    engine: Engine, asset: Asset, rows: ibis.Table, traffic: Traffic | None = None
) -> Profile:
    """The profile of rows of an asset. ``traffic`` : of event lines, already counted."""
    count = engine.count(rows)
    columns = _columns(engine, asset, rows, count)
    if asset.name == "items":
        return Profile(count, columns, categories=categories_of(engine, rows))
    if asset.name != "events" or traffic is None:
        return Profile(count, columns)
    return Profile(
        count,
        columns,
        days=_days(engine, rows),
        shoppers=traffic.shoppers,
        busiest=traffic.busiest,
        span_days=traffic.span_days,
    )


def _columns(
    engine: Engine, asset: Asset, rows: ibis.Table, count: int
) -> dict[str, ColumnProfile]:
    if not count:
        return {}
    names = asset.schema.names
    counted = engine.table(
        rows.aggregate(
            **{f"nulls_{name}": rows[name].isnull().sum() for name in names},
            **{f"distinct_{name}": rows[name].approx_nunique() for name in names},
        )
    ).to_pylist()[0]
    percentiles = _percentiles(engine, asset, rows, count)
    values = {
        name: _values(engine, rows, name)
        for name in FEW_VALUES.get(asset.name, ())
        if counted[f"nulls_{name}"] < count
    }
    return {
        name: ColumnProfile(
            rows=count,
            nulls=counted[f"nulls_{name}"],
            distinct=counted[f"distinct_{name}"],
            percentiles=percentiles.get(name, ()),
            values=values.get(name, {}),
        )
        for name in names
    }


def _percentiles(
    engine: Engine, asset: Asset, rows: ibis.Table, count: int
) -> dict[str, tuple[float, ...]]:
    """Of the columns of numbers that have values; of a sample by key where there are many rows."""
    numbers = [field.name for field in asset.schema if pa.types.is_floating(field.type)]
    if not numbers:
        return {}
    every = count // _SAMPLE_ROWS
    if every > 1 and asset.keys:
        rows = rows.filter(rows[asset.keys[0]].hash().abs() % every == 0)
    found = engine.table(
        rows.aggregate(**{name: rows[name].quantile(list(PERCENTILES)) for name in numbers})
    ).to_pylist()[0]
    return {name: tuple(each) for name, each in found.items() if each}


def _values(engine: Engine, rows: ibis.Table, name: str) -> dict[str, int]:
    """The most frequent values of a column, with their rows."""
    counted = (
        rows.filter(rows[name].notnull())
        .group_by(value=rows[name])
        .aggregate(n=lambda t: t.count())
    )
    found = engine.table(counted.order_by([ibis._.n.desc(), "value"]).limit(_MOST_VALUES))
    return dict(zip(found["value"].to_pylist(), found["n"].to_pylist(), strict=True))


def categories_of(engine: Engine, items: ibis.Table) -> dict[str, int]:
    """Category path → items; those without one are not counted."""
    placed = items.filter(items[c.PRODUCT_TYPE].notnull())
    counted = placed.group_by(path=placed[c.PRODUCT_TYPE]).aggregate(n=lambda t: t.count())
    found = engine.table(counted, order_by=["path"])
    return dict(zip(found["path"].to_pylist(), found["n"].to_pylist(), strict=True))


def _days(engine: Engine, lines: ibis.Table) -> dict[str, dict[str, int]]:
    """UTC day → event → lines."""
    counted = lines.group_by(day=lines[c.TS].date(), event=lines[c.EVENT]).aggregate(
        n=ibis._.count()
    )
    days: dict[str, dict[str, int]] = {}
    for row in engine.table(counted, order_by=["day", "event"]).to_pylist():
        days.setdefault(row["day"].strftime(_DAY), {})[row["event"]] = row["n"]
    return days
