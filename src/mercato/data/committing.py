"""The end of an import: staged rows are refused together, or committed at once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis
import pyarrow as pa

from mercato.core.errors import BadInput
from mercato.data.asset import Asset
from mercato.data.checks import ROW_CHECKS
from mercato.data.engines import Engine
from mercato.data.merging import NO_CHANGES, Changes, changes
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

    @property
    def reading(self) -> dict[str, object]:
        """How the sources are read, beside their formats; as JSON values."""
        return {"mapping": dict(self.mapping), "price_unit": self.price_unit}


def refuse_if_bad(
    order: ImportOrder, staging: Staging, quarantined: pa.Table, max_bad_share: float
) -> None:
    """Raises ImportRefused where more than this share of the rows failed a check, or all did;
    BadInput where there were no rows."""
    if staging.read == 0:
        places = ", ".join(str(each.source.path) for each in staging.sources.values())
        raise BadInput(f"rows in {places}", "none", "Check the files.")
    meant = staging.read - staging.left_out.total()
    if staging.refused <= max_bad_share * meant and (staging.refused < meant or not meant):
        return
    report = _report(order, staging, quarantined, NO_CHANGES, version=None, committed=False)
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
    quarantined: pa.Table,
    order: ImportOrder,
) -> ImportReport:
    """Commit what is new; begin again where another writer was faster."""
    asset = order.asset
    for attempt in range(1, _ATTEMPTS + 1):
        version = store.version(asset.name)
        present = None if version is None else _present(store, engine, asset, version)
        found = changes(engine, staging, rows, present, full=order.full)
        try:
            places = [str(each.source.path) for each in staging.sources.values()]
            keep_quarantine(store, asset.name, places, quarantined)
            if found.data is not None:
                base = -1 if version is None else version
                mode: Mode = "append" if found.append else "overwrite"
                note = _note(order, staging)
                keep_sources(store, staging, order.reading)
                version = store.commit(asset.name, found.data, mode=mode, note=note, base=base)
        except Conflict:
            if attempt == _ATTEMPTS:
                raise
            continue
        committed = found.data is not None
        return _report(order, staging, quarantined, found, version=version, committed=committed)
    raise AssertionError("unreachable")


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
    }


def _report(
    order: ImportOrder,
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
        sources=tuple(str(each.source.path) for each in staging.sources.values()),
        read=staging.read,
        accepted=accepted,
        unchanged=staging.read - staging.left_out.total() - staging.refused - accepted,
        quarantined=staging.refused,
        left_out=dict(staging.left_out.most_common()),
        withdrawn=found.withdrawn,
        checks=check_counts(quarantined, (*ROW_CHECKS, *order.asset.checks)),
        version=version,
        committed=committed,
    )
