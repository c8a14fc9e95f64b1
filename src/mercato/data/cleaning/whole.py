"""Steps that must know all values of a column: spellings, separators."""

import ibis
import pyarrow as pa

from mercato.data.asset import Asset
from mercato.data.cleaning.step import CleanCount
from mercato.data.engines import Engine
from mercato.data.store import AssetStore


def cleaned_whole(
    store: AssetStore, engine: Engine, asset: Asset, rows: ibis.Table
) -> tuple[ibis.Table, tuple[CleanCount, ...]]:
    """All rows of an import, unique by the asset's keys, after such steps.

    Rows of the asset that the import leaves as they are have a voice too: a small import does
    not bring a second spelling, and the same import again changes nothing.
    """
    counts = []
    for step in asset.cleaning:
        if step.whole is None:
            continue
        (column,) = step.columns
        values = _values(engine, rows, column)
        changes = dict(step.whole(values, _others(store, engine, asset, rows, column)))
        if changes:
            first = next(iter(changes))
            changed = sum(values[value] for value in changes)
            counts.append(CleanCount(step.name, changed, first, changes[first]))
            rows = _replaced(engine, rows, column, changes)
    return rows, tuple(counts)


def _others(
    store: AssetStore, engine: Engine, asset: Asset, rows: ibis.Table, column: str
) -> dict[str, int]:
    version = store.version(asset.name)
    if version is None:
        return {}
    present = engine.files(store.files(asset.name, version), asset.schema)
    return _values(engine, present.anti_join(rows, asset.keys), column)


def _values(engine: Engine, rows: ibis.Table, column: str) -> dict[str, int]:
    known = rows.filter(rows[column].notnull())
    counted = engine.table(known.group_by(column).aggregate(n=known.count()), order_by=[column])
    return dict(zip(*(counted[name].to_pylist() for name in (column, "n")), strict=True))


def _replaced(engine: Engine, rows: ibis.Table, column: str, changes: dict[str, str]) -> ibis.Table:
    old, new = "__old", "__new"
    table = pa.table({old: list(changes), new: list(changes.values())})
    spelled = engine.arrow(table)
    joined = rows.left_join(spelled, rows[column] == spelled[old])
    return joined.mutate(**{column: joined[new].coalesce(joined[column])}).select(rows.columns)
