"""What an import changes: staged rows against the asset's present version, by its keys."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from mercato.data.asset import Asset
from mercato.data.assets.events import EVENTS
from mercato.data.checks import unique_check_name
from mercato.data.engines import Engine
from mercato.data.identity import lacks_line, with_lines
from mercato.data.importers.raw import Refusal
from mercato.data.provenance import SOURCE, SOURCE_LINE
from mercato.data.staging import ORDER, Staging


@dataclass(frozen=True)
class Changes:
    """Counts of rows, and the new version's content.

    changed : the import's rows that are new or differ
    whole   : what is to be written, see `content`; None where the version stays. ``append`` says
              whether it comes behind what is there
    """

    new: int
    replaced: int
    unchanged: int
    withdrawn: int
    append: bool
    changed: ibis.Table | None
    whole: ibis.Table | None


NO_CHANGES = Changes(0, 0, 0, 0, append=False, changed=None, whole=None)


def changes(
    engine: Engine,
    staging: Staging,
    rows: ibis.Table,
    present: ibis.Table | None,
    *,
    full: bool,
) -> Changes:
    """Compare ``rows``, unique by the asset's keys, with ``present``.

    A row whose key is present replaces that row whole; with ``full``, present rows whose keys
    are absent from ``rows`` are withdrawn.
    """
    asset = staging.asset
    if present is None:
        count = engine.count(rows)
        return replace(NO_CHANGES, new=count, changed=rows, whole=rows) if count else NO_CHANGES
    new, replaced, same = _write_differing(engine, staging, rows, present)
    withdrawn = engine.count(present.anti_join(rows, asset.keys)) if full else 0
    if not (new or replaced or withdrawn):
        return replace(NO_CHANGES, unchanged=same)
    whole = differing = engine.files([staging.file("changes")], asset.stored)
    append = not (replaced or withdrawn) and not asset.keeps_order
    if not append:
        kept = present.anti_join(differing, asset.keys)
        kept = kept.semi_join(rows, asset.keys) if full else kept
        whole = kept.select(asset.stored.names).union(differing)
    return Changes(new, replaced, same, withdrawn, append, differing, whole)


def _write_differing(
    engine: Engine, staging: Staging, rows: ibis.Table, present: ibis.Table
) -> tuple[int, int, int]:
    """Write new and changed rows to the staging; count (new, changed, same)."""
    asset = staging.asset
    is_there = "__is_there"
    old = present.select(asset.schema.names).mutate(**{is_there: True})
    pairs = rows.left_join(old, asset.keys, rname="__old_{name}")
    same = ibis.and_(pairs[is_there].fill_null(False), _same(pairs, "__old_", asset))
    found = pairs.filter(~same).select(*asset.stored.names, is_there)
    new = replaced = 0
    schema = pa.schema([*asset.stored, (is_there, pa.bool_())])
    with pq.ParquetWriter(staging.file("changes"), asset.stored) as writer:
        for batch in engine.batches(found, schema):
            replaced += batch.num_rows - batch.column(is_there).null_count
            new += batch.column(is_there).null_count
            writer.write_batch(batch.select(asset.stored.names))
    return new, replaced, engine.count(rows) - new - replaced


def unique_rows(engine: Engine, staging: Staging) -> ibis.Table:
    """The staged rows, identified, the first of each key; later ones that say something else are
    refused, later ones that say the same are only unchanged."""
    asset = staging.asset
    rows = staging.rows(engine)
    if asset is EVENTS and engine.count(lacking := lacks_line(rows)):
        numbered = staging.file("numbered")
        engine.write(with_lines(rows, lacking), staging.schema, numbered)
        rows = engine.files([numbered], staging.schema)
    keys = rows.select(asset.keys)
    if engine.count(rows) == engine.count(keys.distinct()):
        return rows
    first, different = _parted(rows, asset)
    for batch in engine.batches(different, staging.schema, [SOURCE, SOURCE_LINE]):
        for source, found in groupby(batch.to_pylist(), key=itemgetter(SOURCE)):
            staging.refuse([not_unique(row, asset) for row in found], source)
    return first


def _parted(rows: ibis.Table, asset: Asset) -> tuple[ibis.Table, ibis.Table]:
    """The first row of each key, and the later rows that differ from it."""
    nth = "__nth"
    ranked = rows.mutate(**{nth: ibis.row_number().over(group_by=asset.keys, order_by=ORDER)})
    first = ranked.filter(ranked[nth] == 0).drop(nth)
    later = ranked.filter(ranked[nth] > 0).drop(nth)
    pairs = later.inner_join(first, asset.keys, rname="__first_{name}")
    different = pairs.filter(~_same(pairs, "__first_", asset))
    return first, different.select(rows.columns)


def _same(pairs: ibis.Table, prefix: str, asset: Asset) -> ibis.Value:
    others = [name for name in asset.schema.names if name not in asset.keys]
    return ibis.and_(*(pairs[name].identical_to(pairs[prefix + name]) for name in others))


def not_unique(row: Mapping[str, object], asset: Asset) -> Refusal:
    """A staged row whose key another row has."""
    says = {name: row[name] for name in asset.schema.names if row[name] is not None}
    return Refusal(
        line=int(str(row[SOURCE_LINE])),
        check=unique_check_name(asset.keys),
        column=asset.keys[0],
        value=", ".join(str(row[key]) for key in asset.keys),
        row=json.dumps(says, default=str, ensure_ascii=False),
        level="asset",
    )


def content(engine: Engine, rows: ibis.Table, asset: Asset) -> pa.Table | pa.RecordBatchReader:
    """The rows as an asset keeps them. A reader is to be read before the engine is asked again."""
    if asset.keeps_order:
        return engine.table(rows, asset.stored, asset.keys)
    return engine.batches(rows, asset.stored)
