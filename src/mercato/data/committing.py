"""The end of an import: staged rows are refused together, or committed at once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis

from mercato.core.errors import BadInput
from mercato.core.settings import QualitySettings
from mercato.data.asset import Asset
from mercato.data.checks import ROW_CHECKS
from mercato.data.engines import Engine
from mercato.data.merging import NO_CHANGES, Changes, changes, content
from mercato.data.quality.profiles import earlier_profiles, keep_inspection
from mercato.data.quality.watching import WATCHED, Brought, Inspection, inspect
from mercato.data.quarantine import keep_quarantine
from mercato.data.report import ImportRefused, ImportReport, check_counts
from mercato.data.rows import PriceUnit
from mercato.data.sources import keep_sources
from mercato.data.staging import Staging
from mercato.data.store import AssetStore, Conflict, Mode

_ATTEMPTS = 5
"""An import begins its merge again when another writer was faster, so many times."""


@dataclass(frozen=True)
class ImportOrder:
    """What one import was asked to do."""

    asset: Asset
    paths: Sequence[Path]
    format: str | None
    mapping: Mapping[str, str]
    price_unit: PriceUnit
    full: bool
    date_format: str | None = None
    encoding: str | None = None

    @property
    def reading(self) -> dict[str, object]:
        """How the sources are read, beside their formats; as JSON values."""
        said: dict[str, object] = {"mapping": dict(self.mapping), "price_unit": self.price_unit}
        given = {"date_format": self.date_format, "encoding": self.encoding}
        return said | {name: value for name, value in given.items() if value is not None}


def refuse_if_bad(order: ImportOrder, staging: Staging, max_bad_share: float) -> None:
    """Raises ImportRefused where more than this share of the rows failed a check, or all did;
    BadInput where there were no rows."""
    if staging.read == 0:
        places = ", ".join(str(each.source.path) for each in staging.sources.values())
        raise BadInput(f"rows in {places}", "none", "Check the files.")
    meant = staging.read - staging.left_out.total()
    if staging.refused <= max_bad_share * meant and (staging.refused < meant or not meant):
        return
    report = _report(order, staging, NO_CHANGES, None, version=None)
    worst = report.checks[0]
    raise ImportRefused(
        f"at most {max_bad_share:.1%} of the {meant:,} rows to fail a check",
        f"{staging.refused:,} rows, most of them ({worst.rows:,}) {worst.check.name}, "
        f"as in {worst.places[0]}: {worst.value!r}",
        f"{worst.check.remedy} Or raise max_bad_share in shop.toml. Nothing was changed.",
        report=report,
    )


def commit_import(
    store: AssetStore,
    engine: Engine,
    staging: Staging,
    rows: ibis.Table,
    order: ImportOrder,
    quality: QualitySettings,
) -> ImportReport:
    """Commit what is new; begin again where another writer was faster.

    Raises ImportRefused where it raises an alarm and the settings say so.
    """
    asset = order.asset
    for attempt in range(1, _ATTEMPTS + 1):
        version = store.version(asset.name)
        present = None if version is None else _present(store, engine, asset, version)
        found = changes(engine, staging, rows, present, full=order.full)
        inspection = _inspected(store, engine, order, rows, present, found, quality)
        if quality.refuse_on_alarm and inspection is not None and inspection.alarms:
            report = _report(order, staging, NO_CHANGES, inspection, version=None)
            raise _alarmed(report)
        try:
            keep_quarantine(store, engine, staging)
            if found.whole is not None:
                base = -1 if version is None else version
                mode: Mode = "append" if found.append else "overwrite"
                note = _note(order, staging)
                keep_sources(store, staging, order.reading)
                data = content(engine, found.whole, asset)
                version = store.commit(asset.name, data, mode=mode, note=note, base=base)
        except Conflict:
            if attempt == _ATTEMPTS:
                raise
            continue
        if inspection is not None and version is not None:
            keep_inspection(store, asset.name, version, staging.imported_at, inspection)
        return _report(order, staging, found, inspection, version=version)
    raise AssertionError("unreachable")


def _inspected(
    store: AssetStore,
    engine: Engine,
    order: ImportOrder,
    rows: ibis.Table,
    present: ibis.Table | None,
    found: Changes,
    quality: QualitySettings,
) -> Inspection | None:
    """None where nothing would change, or nobody looks at assets of this name."""
    if found.changed is None or order.asset.name not in WATCHED:
        return None
    brought = Brought(present, rows, found.changed, found.replaced, order.full)
    history = earlier_profiles(store, order.asset.name)
    return inspect(engine, order.asset, brought, history, quality)


def _alarmed(report: ImportReport) -> ImportRefused:
    first = report.alarms[0]
    return ImportRefused(
        f"no drift alarm; {first.expected}",
        f"{len(report.alarms)} alarms, first {first.name}: {first.found}",
        f"{first.remedy} Or set refuse_on_alarm = false in shop.toml. Nothing was changed.",
        report=report,
    )


def _present(store: AssetStore, engine: Engine, asset: Asset, version: int) -> ibis.Table:
    return engine.files(store.files(asset.name, version), asset.stored)


def _note(order: ImportOrder, staging: Staging) -> dict[str, str]:
    """What the version was made from."""
    read = [each.source for each in staging.sources.values()]
    sources = {str(source.path): source.sha256 for source in read}
    return {
        "made_by": "import",
        "sources": json.dumps(sources),
        "format": order.format or "detected",
        "mapping": json.dumps(dict(order.mapping)),
        "price_unit": order.price_unit,
        "full": str(order.full).lower(),
        "cleaned": json.dumps({count.step: count.rows for count in staging.cleaned}),
    }


def _report(
    order: ImportOrder,
    staging: Staging,
    found: Changes,
    inspection: Inspection | None,
    *,
    version: int | None,
) -> ImportReport:
    accepted = found.new + found.replaced
    return ImportReport(
        asset=order.asset.name,
        sources=tuple(str(each.source.path) for each in staging.sources.values()),
        read=staging.read,
        accepted=accepted,
        unchanged=staging.read - staging.left_out.total() - staging.refused - accepted,
        quarantined=staging.refused,
        left_out=dict(staging.left_out.most_common()),
        withdrawn=found.withdrawn,
        checks=check_counts(staging.failed, (*ROW_CHECKS, *order.asset.checks)),
        version=version,
        cleaned=staging.cleaned,
        committed=found.whole is not None,
        alarms=() if inspection is None else inspection.alarms,
    )
