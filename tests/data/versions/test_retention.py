"""What a vacuum takes and what it leaves, on tables whose every commit is known."""

import os
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from mercato.core.errors import NotFound
from mercato.core.settings import Settings
from mercato.data.assets.events import EVENTS
from mercato.data.derive import derive_versions
from mercato.data.pinning import pin_asset
from mercato.data.releases import Manifest, ReleaseStore
from mercato.data.store import AssetStore, Conflict
from mercato.data.versions.retention import kept_versions, vacuum
from mercato.data.versions.summary import is_readable, rows_version, summary

NOW = timedelta(0)


def things(*numbers: int) -> pa.Table:
    return pa.table({"n": pa.array(numbers, pa.int64())})


def append(store: AssetStore, times: int, name: str = "things") -> None:
    for number in range(times):
        store.commit(name, things(number), mode="append", note={"made_by": "drain"})


def numbers(store: AssetStore, version: int | None = None) -> list[int]:
    return sorted(store.read("things", version)["n"].to_pylist())


def files(store: AssetStore) -> int:
    return len(list((store.root / "things").glob("*.parquet")))


def log_files(store: AssetStore) -> list[str]:
    return sorted(path.name for path in (store.root / "things" / "_delta_log").glob("0*"))


def released(tmp_path: Path, inputs: Sequence[dict[str, int]]) -> ReleaseStore:
    releases = ReleaseStore(tmp_path / "releases")
    for each in inputs:
        with releases.draft() as draft:
            releases.seal(draft, Manifest("", 0, None, 0, 0, each, {}, {}))
    return releases


def test_small_files_are_joined_and_old_ones_go(store: AssetStore):
    append(store, 20)
    done = vacuum(store, "things", (), NOW)
    assert (done.joined, done.removed, done.trouble) == (20, 20, "")
    assert files(store) == 1
    assert numbers(store) == list(range(20))
    again = vacuum(store, "things", (), NOW)
    assert (again.joined, again.removed, again.size) == (0, 0, 0)


def test_a_dry_run_changes_nothing_and_tells_the_same(store: AssetStore):
    append(store, 3)
    for number in range(3):
        store.commit("things", things(number))
    before = log_files(store), files(store)
    told = vacuum(store, "things", (), NOW, dry_run=True)
    assert (log_files(store), files(store)) == before
    done = vacuum(store, "things", (), NOW)
    assert told.removed == done.removed == 5
    assert told.size == done.size > 0


def test_what_is_younger_than_the_retention_stays(store: AssetStore):
    append(store, 20)
    orphan = store.root / "things" / "part-of-a-running-import.parquet"
    orphan.write_bytes(b"not committed yet")
    done = vacuum(store, "things", (), timedelta(days=1))
    assert (done.joined, done.removed) == (20, 0)
    assert numbers(store, 7) == list(range(8))
    assert orphan.exists()


def test_what_killed_imports_left_goes_when_it_is_old(store: AssetStore):
    append(store, 1)
    orphan = store.root / "things" / "part-of-a-killed-import.parquet"
    orphan.write_bytes(b"never committed")
    days_ago = time.time() - 3 * 86_400
    os.utime(orphan, (days_ago, days_ago))
    assert vacuum(store, "things", (), timedelta(days=2)).removed == 1
    assert not orphan.exists()
    assert numbers(store) == [0]


def test_versions_of_kept_releases_stay_readable(store: AssetStore, tmp_path: Path):
    for number in range(6):
        store.commit("things", things(number))
    releases = released(tmp_path, [{"things": 1}, {"things": 3}])
    kept = kept_versions(store, releases)
    assert kept == {"things": {1, 3}}
    done = vacuum(store, "things", kept["things"], NOW)
    assert done.kept == (1, 3)
    assert (numbers(store, 1), numbers(store, 3), numbers(store)) == ([1], [3], [5])
    with pytest.raises(NotFound, match="removed by a vacuum"):
        summary(store, "things", 2)
    releases.prune(1)
    assert vacuum(store, "things", kept_versions(store, releases)["things"], NOW).removed == 1
    assert not is_readable(store, "things", 1)
    assert numbers(store, 3) == [3]


def test_what_kept_versions_were_made_from_is_kept_too(store: AssetStore, tmp_path: Path):
    store.commit("events", things(1))
    store.commit("flags", things(1), note={"made_by": "derive", "inputs": '{"events": 0}'})
    store.commit(
        "made", things(1), note={"made_by": "derive", "inputs": '{"flags": 0, "no": null}'}
    )
    assert kept_versions(store, released(tmp_path, [{"made": 0}])) == {
        "made": {0},
        "flags": {0},
        "events": {0},
    }


def test_the_log_is_cut_before_the_oldest_version_that_stays(store: AssetStore, tmp_path: Path):
    append(store, 130)
    done = vacuum(store, "things", (112,), NOW)
    assert done.entries >= 112
    assert log_files(store)[0].startswith(f"{112:020}")
    assert numbers(store, 112) == list(range(113))
    assert numbers(store) == list(range(130))
    with pytest.raises(NotFound, match="found versions 112 to"):
        summary(store, "things", 3)
    with pytest.raises(NotFound, match="version 3 .*log that was shortened"):
        store.read("things", 3)
    pin_asset(store, "things", {3, 112}, tmp_path / "pinned" / "things")
    assert numbers(AssetStore(tmp_path / "pinned")) == list(range(113))
    append(store, 1)
    assert len(numbers(store)) == 131


def test_a_short_log_stays(store: AssetStore):
    append(store, 20)
    assert vacuum(store, "things", (), NOW).entries == 0
    assert log_files(store)[0] == f"{0:020}.json"


def test_the_log_is_never_cut_by_age_alone(store: AssetStore):
    append(store, 99)
    months_ago = time.time() - 100 * 86_400
    for name in log_files(store):
        os.utime(store.root / "things" / "_delta_log" / name, (months_ago, months_ago))
    append(store, 12)  # the hundredth commit writes a checkpoint, and would tidy up
    assert any("checkpoint" in name for name in log_files(store))
    assert numbers(store, 5) == list(range(6))


def test_exactly_once_survives(store: AssetStore):
    store.commit("things", things(1), transaction=("drain", 77))
    append(store, 101)
    assert vacuum(store, "things", (), NOW).entries > 0
    assert store.transaction("things", "drain") == 77


def test_a_reader_that_has_begun_can_finish(store: AssetStore):
    append(store, 20)
    reader = DeltaTable(store.root / "things")
    vacuum(store, "things", (), timedelta(days=1))
    assert len(reader.to_pyarrow_table()) == 20


def test_writers_beside_it_lose_nothing(store: AssetStore):
    append(store, 5)
    done = threading.Event()

    def write() -> None:
        try:
            for number in range(30):
                while True:
                    base = store.version("things")
                    try:
                        store.commit("things", things(100 + number), mode="append", base=base)
                        break
                    except Conflict:
                        continue
        finally:
            done.set()

    writer = threading.Thread(target=write)
    writer.start()
    rounds = 0
    while not done.is_set() or not rounds:
        vacuum(store, "things", (), timedelta(days=1))
        rounds += 1
    writer.join()
    assert numbers(store) == [*range(5), *range(100, 130)]


def test_upkeep_makes_no_new_rows(store: AssetStore):
    append(store, 20)
    vacuum(store, "things", (), NOW)
    newest = store.version("things")
    assert newest is not None and newest > 19
    assert rows_version(store, "things", newest) == 19
    append(store, 1)
    assert rows_version(store, "things", newest + 1) == newest + 1


def purchases(*days: int) -> pa.Table:
    ts = [datetime(2026, 5, day, tzinfo=UTC) for day in days]
    said = {"line": 0, "event": "purchase", "user_id": "ana", "item_id": "tea"}
    rows = [{"event_id": f"e{each.day}", "ts": each, **said} for each in ts]
    return pa.Table.from_pylist(rows, schema=EVENTS.stored)


def test_derived_assets_are_not_made_anew_after_upkeep(store: AssetStore):
    for day in range(1, 7):
        store.commit("events", purchases(day), mode="append")
    made = derive_versions(store, ["histories"], settings=Settings())
    assert vacuum(store, "events", (), NOW).joined == 6
    assert derive_versions(store, ["histories"], settings=Settings()) == made


def test_a_derived_version_whose_files_went_is_made_again(store: AssetStore):
    store.commit("events", purchases(1))
    (first,) = derive_versions(store, ["histories"], settings=Settings()).values()
    store.commit("histories", store.read("histories"))
    vacuum(store, "histories", (), NOW)
    (second,) = derive_versions(store, ["histories"], settings=Settings()).values()
    assert second > first
    assert store.read("histories", second)["shopper_id"].to_pylist() == ["ana"]
