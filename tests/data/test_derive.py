import inspect
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ibis
import pyarrow as pa
import pytest

from mercato.core.errors import ChecksFailed, NotFound, WrongUse
from mercato.core.settings import DataSettings, SessionSettings, Settings
from mercato.data import derive as derive_module
from mercato.data.assets import ASSETS
from mercato.data.derive import derive
from mercato.data.store import AssetStore

DERIVED = [name for name, asset in ASSETS.items() if asset.build]
START = datetime(2026, 1, 1, tzinfo=UTC)


def purchases(days: Sequence[float]) -> pa.Table:
    rows = [
        {
            "event_id": f"e{n}",
            "line": line,
            "ts": START + timedelta(days=day),
            "event": "purchase",
            "user_id": f"u{n % 2}",
            "item_id": f"i{line}",
        }
        for n, day in enumerate(days)
        for line in range(3)
    ]
    return pa.Table.from_pylist(rows, schema=ASSETS["events"].schema)


@pytest.fixture
def shop(store: AssetStore) -> AssetStore:
    items = [{"id": f"i{n}", "title": f"Item {n}", "price": 1.0 + n} for n in range(3)]
    store.commit("items", pa.Table.from_pylist(items, schema=ASSETS["items"].schema))
    store.commit("events", purchases([0, 10, 20, 30]))
    return store


@pytest.fixture(scope="module")
def derived_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop with everything derived."""
    made = AssetStore(tmp_path_factory.mktemp("derived") / "assets")
    items = [{"id": f"i{n}", "title": f"Item {n}", "price": 1.0 + n} for n in range(3)]
    made.commit("items", pa.Table.from_pylist(items, schema=ASSETS["items"].schema))
    made.commit("events", purchases([0, 10, 20, 30]))
    derive(made, DERIVED, settings=Settings())
    return made.root


@pytest.fixture
def derived(derived_once: Path, tmp_path: Path) -> AssetStore:
    return AssetStore(Path(shutil.copytree(derived_once, tmp_path / "derived")))


def versions(store: AssetStore) -> dict[str, int | None]:
    return {name: store.version(name) for name in DERIVED}


def test_what_did_not_change_is_read_back(derived: AssetStore) -> None:
    assert versions(derived) == dict.fromkeys(DERIVED, 0)
    again = derive(derived, DERIVED, settings=Settings())
    assert versions(derived) == dict.fromkeys(DERIVED, 0)
    assert all(derived.read(name, 0).equals(again[name]) for name in DERIVED)
    assert list(again) == DERIVED


FINGERPRINTS = """
from mercato.core.settings import Settings
from mercato.data.asset import DeriveContext
from mercato.data.assets import ASSETS
from mercato.data.plans import planned
settings = Settings()
context = DeriveContext(30, shop=settings.shop, cleaning=settings.cleaning)
for name, asset in ASSETS.items():
    if asset.build:
        schemas = {each: ASSETS[each].schema for each in asset.inputs}
        print(name, planned(asset, schemas, context).meaning)
"""


def test_what_did_not_change_is_known_to_another_process() -> None:
    """Sets have another order in each process; what an asset means has not."""
    told = {
        subprocess.run(
            [sys.executable, "-c", FINGERPRINTS],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
    assert "users" in told.pop()


def test_a_new_input_makes_new_versions_of_what_depends_on_it(derived: AssetStore) -> None:
    derived.commit("items", derived.read("items").slice(0, 2))
    derive(derived, DERIVED, settings=Settings())
    changed = {name for name, version in versions(derived).items() if version == 1}
    assert changed == {name for name in DERIVED if "items" in ASSETS[name].inputs}
    assert changed


def test_a_setting_makes_new_versions_of_what_reads_it(derived: AssetStore) -> None:
    longer = replace(Settings(), sessions=SessionSettings(gap_minutes=45))
    derive(derived, DERIVED, settings=longer)
    assert {name for name, version in versions(derived).items() if version == 1} == {
        "sessions",
        "co_purchase",
        "query_statistics",
        "query_lists",  # made of the one before
        "users",
    }
    derive(derived, DERIVED, settings=Settings())  # the versions of before are still there
    assert max(version or 0 for version in versions(derived).values()) == 1


def test_nothing_at_or_after_until_is_used(derived: AssetStore) -> None:
    until = START + timedelta(days=20)  # the third event happens then
    cut = derive(derived, DERIVED, until=until, settings=Settings())
    other = AssetStore(derived.root.parent / "other")
    other.commit("items", derived.read("items"))
    other.commit("events", purchases([0, 10]))
    alone = derive(other, DERIVED, until=until, settings=Settings())
    for name in DERIVED:
        assert cut[name].equals(alone[name]), name
    assert not derived.read("histories", 0).equals(cut["histories"])


def test_until_without_a_zone_is_utc(shop: AssetStore, settings: Settings) -> None:
    derive(shop, ["histories"], until=datetime(2026, 1, 15), settings=settings)
    derive(shop, ["histories"], until=datetime(2026, 1, 15, tzinfo=UTC), settings=settings)
    assert shop.version("histories") == 0


def test_versions_say_what_they_were_made_from(shop: AssetStore, settings: Settings) -> None:
    derive(shop, ["popularity"], until=datetime(2026, 1, 15, tzinfo=UTC), settings=settings)
    (version,) = shop.history("popularity")
    assert version.note["inputs"] == '{"events": 0, "items": 0, "shopper_flags": 0}'
    assert version.note["until"] == "2026-01-15T00:00:00+00:00"


@pytest.mark.parametrize("name", DERIVED)
def test_a_shop_without_any_event_can_be_derived(
    store: AssetStore, settings: Settings, name: str
) -> None:
    table = derive(store, [name], settings=settings)[name]
    told = table.drop_columns([key for key in ASSETS[name].keys if key in table.column_names])
    assert not any(any(row.values()) for row in told.to_pylist())
    assert table.schema == ASSETS[name].schema


def test_only_derived_assets_and_known_engines(shop: AssetStore, settings: Settings) -> None:
    with pytest.raises(NotFound, match="a derived asset out of .*sessions.*found 'items'"):
        derive(shop, ["items"], settings=settings)
    other = replace(settings, data=DataSettings(engine="spork"))
    with pytest.raises(WrongUse, match="engine out of duckdb, spark; found 'spork'"):
        derive(shop, ["histories"], settings=other)


def test_a_result_that_fails_its_checks_is_not_committed(
    shop: AssetStore, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = ASSETS["histories"]

    def twice(tables, context) -> ibis.Table:
        made = asset.build(tables, context).table
        return made.union(made)

    broken = {**ASSETS, "histories": replace(asset, build=twice)}
    monkeypatch.setattr(derive_module, "ASSETS", broken)
    with pytest.raises(ChecksFailed, match="one row a shopper_id in histories; found 2 rows too"):
        derive(shop, ["histories"], settings=settings)
    assert shop.version("histories") is None


def test_every_asset_says_what_it_is() -> None:
    for name, asset in ASSETS.items():
        assert asset.name == name
        assert asset.description and asset.owner
        assert set(asset.keys) <= set(asset.schema.names)
        assert set(asset.inputs) <= set(ASSETS)
        if asset.build:
            assert asset.inputs and asset.keys
            assert inspect.getdoc(asset.build), name
