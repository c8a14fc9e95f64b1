"""How two versions of an asset differ, by the asset's key: anti-joins over their files.

Files that both versions have cancel out and are not read; DuckDB spills what does not fit in
memory.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis
import pyarrow as pa

from mercato.data.access import Mask
from mercato.data.asset import Asset
from mercato.data.assets import ASSETS
from mercato.data.engines import Engine, open_engine
from mercato.data.store import AssetStore
from mercato.data.versions.summary import opened_files, schema_of

_BEFORE = "__before_"
_DIFFERS = "__differs_"
_COPIES = "__copies"


@dataclass(frozen=True)
class SchemaDiff:
    """added, removed : column names; retyped : column → its type before and after"""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    retyped: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class ChangedRow:
    """A row that both versions have and that says something else; only what differs."""

    key: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True)
class VersionDiff:
    """Counts of rows; ``columns`` counts the changed rows in which each column differs.

    keys : what rows are told apart by; empty where whole rows are compared, so that a changed row
           counts as one removed and one added
    rows : the first changed ones, by key
    """

    asset: str
    before: int
    after: int
    keys: tuple[str, ...]
    added: int
    removed: int
    changed: int
    columns: Mapping[str, int]
    schema: SchemaDiff
    rows: tuple[ChangedRow, ...]


def diff(
    store: AssetStore,
    name: str,
    before: int,
    after: int,
    *,
    most: int = 20,
    mask: Mask | None = None,
) -> VersionDiff:
    """Compare two versions; ``most`` changed rows are named, without what ``mask`` hides.

    Raises NotFound where a version does not exist any more.
    """
    schemas = schema_of(store, name, before), schema_of(store, name, after)
    shared = [each for each in schemas[1].names if each in schemas[0].names]
    changes = _schema_diff(*schemas)
    asset = ASSETS.get(name)
    keys = () if asset is None else asset.keys
    with open_engine() as engine:
        apart = _apart(engine, store, name, (before, after), schemas)
        old, new = (_as_text(rows, changes.retyped) for rows in apart)
        if asset is not None and keys:
            compared, first = _by_key(engine, old, new, keys, shared, most)
            rows = _changed_rows(first, keys, shared, None if mask is None else (mask, asset))
        else:
            compared = _by_whole_rows(engine, old.select(shared), new.select(shared))
            rows = ()
    return VersionDiff(
        asset=name,
        before=before,
        after=after,
        keys=keys,
        added=compared.added,
        removed=compared.removed,
        changed=compared.changed,
        columns=compared.columns,
        schema=changes,
        rows=rows,
    )


@dataclass(frozen=True)
class _Counts:
    added: int
    removed: int
    changed: int = 0
    columns: Mapping[str, int] = field(default_factory=dict)


def _apart(
    engine: Engine,
    store: AssetStore,
    name: str,
    versions: tuple[int, int],
    schemas: tuple[pa.Schema, pa.Schema],
) -> tuple[ibis.Table, ibis.Table]:
    """The rows of the files that only one of the versions has."""
    old, new = (set(opened_files(store, name, version)) for version in versions)
    return engine.files(sorted(old - new), schemas[0]), engine.files(sorted(new - old), schemas[1])


def _as_text(rows: ibis.Table, names: Iterable[str]) -> ibis.Table:
    """Columns of two types are compared by what they read."""
    return rows.mutate(**{name: rows[name].cast("string") for name in names})


def _by_key(
    engine: Engine,
    old: ibis.Table,
    new: ibis.Table,
    keys: Sequence[str],
    shared: Sequence[str],
    most: int,
) -> tuple[_Counts, pa.Table]:
    """Counts, and the first changed rows as pairs with a mark for each column that differs."""
    others = [name for name in shared if name not in keys]
    pairs = new.select(shared).inner_join(old.select(shared), keys, rname=_BEFORE + "{name}")
    differs = {_DIFFERS + n: ~pairs[n].identical_to(pairs[_BEFORE + n]) for n in others}
    marked = pairs.mutate(**differs)
    changed = marked.filter(ibis.or_(*(marked[name] for name in differs)))
    sums = {name: changed[name].sum() for name in differs}
    counts = engine.table(changed.aggregate(changed=changed.count(), **sums)).to_pylist()[0]
    by_column = {name: int(counts[_DIFFERS + name] or 0) for name in others}
    found = _Counts(
        added=engine.count(new.anti_join(old, keys)),
        removed=engine.count(old.anti_join(new, keys)),
        changed=counts["changed"],
        columns={name: rows for name, rows in by_column.items() if rows},
    )
    return found, engine.table(changed.order_by(list(keys)).limit(most))


def _changed_rows(
    pairs: pa.Table, keys: Sequence[str], shared: Sequence[str], hidden: tuple[Mask, Asset] | None
) -> tuple[ChangedRow, ...]:
    others = [name for name in shared if name not in keys]
    after = pairs.select(list(shared))
    before = pairs.select([_BEFORE + name for name in others]).rename_columns(others)
    if hidden is not None:
        mask, asset = hidden
        after, before = mask.rows(asset, after), mask.rows(asset, before)
    marks = pairs.select([_DIFFERS + name for name in others]).rename_columns(others)
    rows = []
    for now, then, differs in zip(
        after.to_pylist(), before.to_pylist(), marks.to_pylist(), strict=True
    ):
        found = [name for name in others if differs[name]]
        key = {name: now[name] for name in keys}
        rows.append(ChangedRow(key, {n: then[n] for n in found}, {n: now[n] for n in found}))
    return tuple(rows)


def _by_whole_rows(engine: Engine, old: ibis.Table, new: ibis.Table) -> _Counts:
    """Rows that stand more often in one version than in the other."""
    counted = ibis.union(
        old.mutate(**{_COPIES: ibis.literal(-1)}), new.mutate(**{_COPIES: ibis.literal(1)})
    )
    more = counted.group_by(list(old.columns)).aggregate(more=counted[_COPIES].sum())
    totals = more.aggregate(
        added=more.more.clip(lower=0).sum(), removed=(-more.more).clip(lower=0).sum()
    )
    row = engine.table(totals).to_pylist()[0]
    return _Counts(added=int(row["added"] or 0), removed=int(row["removed"] or 0))


def _schema_diff(before: pa.Schema, after: pa.Schema) -> SchemaDiff:
    types = {
        name: (before.field(name).type, after.field(name).type)
        for name in after.names
        if name in before.names
    }
    return SchemaDiff(
        added=tuple(name for name in after.names if name not in before.names),
        removed=tuple(name for name in before.names if name not in after.names),
        retyped={n: (str(old), str(new)) for n, (old, new) in types.items() if old != new},
    )
