"""Imports: sources → checks → one commit, or none.

Rows are read and checked in batches and staged on disk; then what they change is committed at
once. Whatever happens before the commit leaves the asset as it was.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis
import pyarrow as pa

from mercato.core.errors import BadInput
from mercato.core.progress import Progress, Silent
from mercato.core.settings import Settings
from mercato.data.asset import Asset
from mercato.data.assets.events import EVENTS
from mercato.data.assets.items import ITEMS
from mercato.data.assets.judgments import JUDGMENTS
from mercato.data.checks import ROW_CHECKS
from mercato.data.engines import Engine, open_engine
from mercato.data.importers import dialect_of, source_of
from mercato.data.importers.raw import Dialect, Reading, Source
from mercato.data.merging import NO_CHANGES, Changes, changes, unique_rows
from mercato.data.quarantine import keep_quarantine
from mercato.data.report import ImportRefused, ImportReport, check_counts
from mercato.data.rows import Conversion, PriceUnit, checked
from mercato.data.staging import Staging, open_staging
from mercato.data.store import AssetStore, Conflict, Mode

_ATTEMPTS = 5
"""An import begins its merge again when another writer was faster, so many times."""


def import_items(
    store: AssetStore,
    paths: Sequence[Path],
    *,
    format: str | None = None,
    mapping: Mapping[str, str] | None = None,
    price_unit: PriceUnit = "major",
    full: bool = False,
    settings: Settings,
    progress: Progress | None = None,
) -> ImportReport:
    """Import products. A row replaces the whole item of its id; items that are absent stay,
    or are withdrawn with ``full``.

    Raises BadInput for a source that cannot be read or mapped, ImportRefused where more than
    the settings' share of rows failed; then nothing was changed.
    """
    order = _Order(ITEMS, paths, format, mapping or {}, price_unit, full)
    return _import(store, order, settings, progress or Silent())


def import_events(
    store: AssetStore,
    paths: Sequence[Path],
    *,
    format: str | None = None,
    mapping: Mapping[str, str] | None = None,
    price_unit: PriceUnit = "major",
    settings: Settings,
    progress: Progress | None = None,
) -> ImportReport:
    """Import event lines. A line that is known by (event_id, line) is replaced where it now
    says something else. Errors as with `import_items`."""
    order = _Order(EVENTS, paths, format, mapping or {}, price_unit, False)
    return _import(store, order, settings, progress or Silent())


def import_judgments(
    store: AssetStore,
    paths: Sequence[Path],
    *,
    format: str | None = None,
    mapping: Mapping[str, str] | None = None,
    settings: Settings,
    progress: Progress | None = None,
) -> ImportReport:
    """Import grades of products for queries. Errors as with `import_items`."""
    order = _Order(JUDGMENTS, paths, format, mapping or {}, "major", False)
    return _import(store, order, settings, progress or Silent())


@dataclass(frozen=True)
class _Order:
    """What one import was asked to do."""

    asset: Asset
    paths: Sequence[Path]
    format: str | None
    mapping: Mapping[str, str]
    price_unit: PriceUnit
    full: bool


def _import(
    store: AssetStore, order: _Order, settings: Settings, progress: Progress
) -> ImportReport:
    _check_mapping(order)
    sources = [source_of(Path(path)) for path in order.paths]
    dialects = [dialect_of(source, order.asset.name, order.format) for source in sources]
    how = Conversion(order.asset, order.mapping, order.price_unit, settings.shop.currency)
    with open_staging(store.root, order.asset) as staging, open_engine() as engine:
        with progress.step(f"Reading {order.asset.name}") as step:
            for source, dialect in zip(sources, dialects, strict=True):
                for rows in _stage(staging, source, dialect, how):
                    step.advance(rows)
            step.note(f"{staging.read:,} rows")
        with progress.step(f"Comparing {order.asset.name} with what is there") as step:
            rows = unique_rows(engine, staging)
            quarantined = staging.quarantined()
            _refuse_if_bad(order, staging, quarantined, settings.imports.max_bad_share)
            report = _commit(store, engine, staging, rows, quarantined, order)
            step.note(f"{report.accepted:,} new or changed")
    return report


def _check_mapping(order: _Order) -> None:
    for ours in order.mapping:
        if ours not in order.asset.schema.names:
            raise BadInput(
                f"a column of {order.asset.name}: {', '.join(order.asset.schema.names)}",
                repr(ours),
                "Write --map our=theirs, as in --map brand=supplier.",
            )


def _stage(staging: Staging, source: Source, dialect: Dialect, how: Conversion) -> Iterator[int]:
    """Read, check and stage one source; yields the rows of each batch."""
    asset = how.asset
    theirs = frozenset(how.mapping.values())
    reading = Reading(asset.name, frozenset(asset.schema.names), theirs)
    seen: set[str] = set()
    staging.begin(source)
    for batch in dialect.read(source, reading):
        if not seen:
            _check_required(source, how, set(batch.columns))
        seen |= set(batch.columns)
        staging.add(checked(batch, how))
        yield len(batch.lines) + len(batch.refusals)
    if missing := theirs - seen:
        raise BadInput(
            f"the mapped columns in {source.path}",
            f"no column {', '.join(sorted(missing))}",
            "Write the names as the source spells them; name the --format where it is plain.",
        )


def _check_required(source: Source, how: Conversion, found: set[str]) -> None:
    named = {how.mapping.get(name, name): name for name in how.asset.required_columns}
    missing = [ours for theirs, ours in named.items() if theirs not in found]
    if missing:
        raise BadInput(
            f"the columns {', '.join(named.values())} in {source.path}",
            f"{', '.join(sorted(found)) or 'no columns'}",
            " ".join(f"Map it with --map {ours}=THEIRS." for ours in missing[:1]),
        )


def _refuse_if_bad(
    order: _Order, staging: Staging, quarantined: pa.Table, max_bad_share: float
) -> None:
    if staging.read == 0:
        places = ", ".join(str(source.path) for source in staging.sources)
        raise BadInput(f"rows in {places}", "none", "Check the files.")
    if staging.refused <= max_bad_share * staging.read and staging.refused < staging.read:
        return
    report = _report(order, staging, quarantined, NO_CHANGES, version=None, committed=False)
    worst = report.checks[0]
    raise ImportRefused(
        f"at most {max_bad_share:.1%} of the {staging.read:,} rows to fail a check",
        f"{staging.refused:,} rows, most of them ({worst.rows:,}) {worst.check.name}, "
        f"as in {worst.places[0]}: {worst.value!r}",
        f"{worst.check.remedy} Or raise max_bad_share in shop.toml. Nothing was changed.",
        report=report,
    )


def _commit(
    store: AssetStore,
    engine: Engine,
    staging: Staging,
    rows: ibis.Table,
    quarantined: pa.Table,
    order: _Order,
) -> ImportReport:
    """Commit what is new; begin again where another writer was faster."""
    asset = order.asset
    for attempt in range(1, _ATTEMPTS + 1):
        version = store.version(asset.name)
        present = None if version is None else _present(store, engine, asset, version)
        found = changes(engine, staging, rows, present, full=order.full)
        try:
            places = [str(source.path) for source in staging.sources]
            keep_quarantine(store, asset.name, places, quarantined)
            if found.data is not None:
                base = -1 if version is None else version
                mode: Mode = "append" if found.append else "overwrite"
                note = _note(order, staging)
                version = store.commit(asset.name, found.data, mode=mode, note=note, base=base)
        except Conflict:
            if attempt == _ATTEMPTS:
                raise
            continue
        committed = found.data is not None
        return _report(order, staging, quarantined, found, version=version, committed=committed)
    raise AssertionError("unreachable")


def _present(store: AssetStore, engine: Engine, asset: Asset, version: int) -> ibis.Table:
    return engine.files(store.files(asset.name, version), asset.schema)


def _note(order: _Order, staging: Staging) -> dict[str, str]:
    """What the version was made from."""
    sources = {str(source.path): source.sha256 for source in staging.sources}
    return {
        "made_by": "import",
        "sources": json.dumps(sources),
        "format": order.format or "detected",
        "mapping": json.dumps(dict(order.mapping)),
        "price_unit": order.price_unit,
        "full": str(order.full).lower(),
    }


def _report(
    order: _Order,
    staging: Staging,
    quarantined: pa.Table,
    found: Changes,
    *,
    version: int | None,
    committed: bool,
) -> ImportReport:
    accepted = found.new + found.replaced
    return ImportReport(
        asset=order.asset.name,
        sources=tuple(str(source.path) for source in staging.sources),
        read=staging.read,
        accepted=accepted,
        unchanged=staging.read - staging.refused - accepted,
        quarantined=staging.refused,
        withdrawn=found.withdrawn,
        checks=check_counts(quarantined, (*ROW_CHECKS, *order.asset.checks)),
        version=version,
        committed=committed,
    )
