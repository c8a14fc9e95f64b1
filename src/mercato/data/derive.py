"""Derived assets: computed where their inputs or their meaning changed, read back where not."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa

from mercato.core.errors import NotFound
from mercato.core.progress import Progress, Silent
from mercato.core.settings import CleaningSettings, Settings
from mercato.data.asset import Asset, DeriveContext
from mercato.data.assets import ASSETS
from mercato.data.engines.choosing import open_table_engine
from mercato.data.engines.protocol import TableEngine
from mercato.data.lineage.runs import derive_run
from mercato.data.made import commit_made
from mercato.data.plans import Plan, planned
from mercato.data.pseudonyms import pseudonyms_at
from mercato.data.store import AssetStore
from mercato.data.versions.summary import is_readable, rows_version
from mercato.state import denied


def derive(
    store: AssetStore,
    names: Sequence[str],
    *,
    until: datetime | None = None,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, pa.Table]:
    """The derived assets called ``names``, as `derive_versions` has them."""
    versions = derive_versions(store, names, until=until, settings=settings, progress=progress)
    return {name: store.read(name, version) for name, version in versions.items()}


def derive_versions(
    store: AssetStore,
    names: Sequence[str],
    *,
    until: datetime | None = None,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Versions of the derived assets called ``names``, from the present ones of their inputs.

    until : no event at or after it is used

    A version that was made from the same versions of the same inputs by the same expression is
    read back. Raises NotFound for a name that is no derived asset, ChecksFailed where a result
    is not what its asset declares; then it is not committed.
    """
    if until is not None and until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    gap = settings.sessions.gap_minutes
    context = DeriveContext(
        gap,
        shop=settings.shop,
        cleaning=_cleaning(settings, store),
        denied=tuple(denied(settings.state.url, store.shop)),
    )
    moments = {"until": until, "logged_at": _logged_at(store)}
    shown = progress or Silent()
    versions: dict[str, int | None] = {}
    made: dict[str, int] = {}
    named: set[str] = set()
    assets = _in_order(names)
    plans = {asset.name: _planned(asset, context) for asset in assets}
    with open_table_engine(settings.data, store.shop) as engine:
        for name, moment in moments.items():
            engine.tell(name, moment)
        for asset in assets:
            with shown.step(f"Deriving {asset.name}") as step:
                versions |= {
                    name: store.version(name) for name in asset.inputs if name not in versions
                }
                plan = plans.pop(asset.name)
                fingerprint = _fingerprint(store, asset, plan, versions, moments)
                version = _made_before(store, asset, fingerprint)
                if version is None:
                    with derive_run(store, settings, asset, versions) as told:
                        rows = _rows(store, engine, asset, plan, versions, named)
                        note = _note(asset, fingerprint, versions, until)
                        version = commit_made(store, asset, rows, note)
                        told.append(version)
                    step.note("made")
                else:
                    step.note("nothing changed")
                for name in plan.kept - {name for each in plans.values() for name in each.kept}:
                    engine.forget(name)
                made[asset.name] = versions[asset.name] = version
    return {name: made[name] for name in names}


def _cleaning(settings: Settings, store: AssetStore) -> CleaningSettings:
    """With the shop's own users as the log names them."""
    cleaning = settings.cleaning
    if not (settings.privacy.pseudonyms and cleaning.own_users):
        return cleaning
    ids = pseudonyms_at(settings, store.shop)
    return replace(cleaning, own_users=tuple(map(ids.of, cleaning.own_users)))


def _logged_at(store: AssetStore) -> datetime | None:
    return next((commit.ts for commit in store.history("events", limit=1)), None)


def _in_order(names: Sequence[str]) -> list[Asset]:
    """The assets and the derived ones among their inputs, inputs first."""
    found: dict[str, Asset] = {}
    for name in names:
        asset = ASSETS.get(name)
        if asset is None or asset.build is None:
            known = ", ".join(each.name for each in ASSETS.values() if each.build)
            raise NotFound(f"a derived asset out of {known}", repr(name), "Name one of those.")
        derived = [each for each in asset.inputs if ASSETS[each].build]
        found |= {each.name: each for each in (*_in_order(derived), asset)}
    return list(found.values())


def _fingerprint(
    store: AssetStore,
    asset: Asset,
    plan: Plan,
    versions: Mapping[str, int | None],
    moments: Mapping[str, datetime | None],
) -> str:
    """Changes where the code, a setting, a moment or an input does."""
    inputs = [f"{name}@{_rows_version(store, name, versions[name])}" for name in asset.inputs]
    told = (asset.schema, plan.meaning, *inputs, *(moments[name] for name in plan.moments))
    return hashlib.sha256("\n".join(map(str, told)).encode()).hexdigest()


def _rows_version(store: AssetStore, name: str, version: int | None) -> int | None:
    return None if version is None else rows_version(store, name, version)


def _made_before(store: AssetStore, asset: Asset, fingerprint: str) -> int | None:
    for commit in store.history(asset.name):
        same = commit.note.get("fingerprint") == fingerprint
        if same and is_readable(store, asset.name, commit.version):
            return commit.version
    return None


def _planned(asset: Asset, context: DeriveContext) -> Plan:
    return planned(asset, {name: ASSETS[name].schema for name in asset.inputs}, context)


def _rows(
    store: AssetStore,
    engine: TableEngine,
    asset: Asset,
    plan: Plan,
    versions: Mapping[str, int | None],
    named: set[str],
) -> pa.RecordBatchReader:
    """An asset's rows, as they are computed.

    named : the inputs that the engine knows by name
    """
    for name in asset.inputs:
        if name not in named:
            files = [] if versions[name] is None else store.files(name, versions[name])
            engine.open(name, files, ASSETS[name].schema)
            named.add(name)
    return plan.run(engine, asset.schema)


def _note(
    asset: Asset,
    fingerprint: str,
    versions: Mapping[str, int | None],
    until: datetime | None,
) -> dict[str, str]:
    return {
        "made_by": "derive",
        "fingerprint": fingerprint,
        "inputs": json.dumps({name: versions[name] for name in asset.inputs}),
        "until": "" if until is None else until.isoformat(),
    }
