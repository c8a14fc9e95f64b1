"""What every storage does, whatever it lies on."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from mercato.core.errors import ChecksFailed, NotFound, NotReady
from mercato.core.paths import Location
from mercato.data.engines import open_engine
from mercato.data.releases import ReleaseStore
from mercato.data.storage.choosing import storage_of
from mercato.data.storage.protocol import Conflict, Storage
from mercato.data.store import AssetStore
from mercato.data.versions.retention import vacuum

Seal = Callable[..., int]


@pytest.fixture
def storage(location: Location) -> Storage:
    return storage_of(location)


def rows(*numbers: int) -> pa.Table:
    return pa.table({"n": pa.array(numbers, pa.int64())})


def numbers(store: AssetStore, version: int | None = None) -> list[int]:
    """As an engine reads them: from files on this machine."""
    with open_engine() as engine:
        read = engine.files(store.files("things", version), rows().schema)
        return engine.table(read, order_by=["n"])["n"].to_pylist()


def test_a_text_is_swapped_only_over_the_one_that_was_read(storage: Storage) -> None:
    assert storage.text("current") is None
    storage.swap("current", "1\n", None)
    first = storage.text("current")
    assert first is not None and first.said == "1\n"
    with pytest.raises(Conflict, match="current to say nothing; found '1'"):
        storage.swap("current", "2\n", None)
    storage.swap("current", "2\n", first)
    with pytest.raises(Conflict, match="current to say '1'; found '2'"):
        storage.swap("current", "3\n", first)
    second = storage.text("current")
    assert second is not None and second.said == "2\n"


def test_of_many_who_swap_at_once_each_is_told_whether_it_did(storage: Storage) -> None:
    def add(number: int) -> None:
        while True:
            found = storage.text("list")
            try:
                return storage.swap("list", f"{found.said if found else ''} {number}", found)
            except Conflict:
                continue

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(12)))
    listed = storage.text("list")
    assert listed is not None and sorted(map(int, listed.said.split())) == list(range(12))


def test_releases_are_sealed_published_rolled_back_refused_and_removed(
    sealed: Seal, location: Location
) -> None:
    store = ReleaseStore(location)
    assert (store.numbers(), store.current()) == ([], None)
    with pytest.raises(NotReady, match="mercato build"):
        store.require_current()
    assert [sealed(store, text) for text in "abc"] == [1, 2, 3]
    assert (store.folder(2) / "models" / "0.npy").read_text() == "b"
    assert store.manifest(2).files["models/0.npy"]["bytes"] == 1
    store.publish(1)
    store.publish(3)
    store.refuse([2], "it is worse")
    store.refuse([2], "it is said again")
    assert store.refused() == {2: "it is worse"}
    assert store.rollback() == 1
    with pytest.raises(NotReady, match="it is worse"):
        store.publish(2)
    assert store.prune(keep=1) == [2]
    assert (store.numbers(), store.current()) == ([1, 3], 1)
    with pytest.raises(NotFound, match=r"manifest\.json"):
        store.manifest(2)


def test_two_who_seal_at_once_get_two_numbers(location: Location) -> None:
    store = ReleaseStore(location)
    with store.draft() as first:
        (first / "manifest.json").write_text('{"files": {}}')
        assert store.storage.add(first, "1")
    with store.draft() as second:
        (second / "manifest.json").write_text('{"files": {}}')
        assert not store.storage.add(second, "1")
        assert store.storage.add(second, "2")
    assert store.numbers() == [1, 2]


def test_who_publishes_over_what_was_published_meanwhile_is_told(
    sealed: Seal, location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = ReleaseStore(location), ReleaseStore(location)
    for text in "abc":
        sealed(one, text)
    one.publish(1)
    verify = one.verify

    def slowly(number: int) -> object:
        other.publish(2)
        return verify(number)

    monkeypatch.setattr(one, "verify", slowly)
    with pytest.raises(Conflict, match="current to say '1'; found '2'"):
        one.publish(3)
    assert other.current() == 2


def test_versions_of_an_asset_are_read_as_they_were(location: Location) -> None:
    store = AssetStore(location)
    assert (store.names(), store.version("things")) == ((), None)
    assert store.commit("things", rows(1, 2), note={"by": "test"}) == 0
    assert store.commit("things", rows(3), mode="append", transaction=("drain", 7)) == 1
    assert store.commit("things", rows(9)) == 2
    assert [numbers(store, version) for version in (0, 1, 2)] == [[1, 2], [1, 2, 3], [9]]
    assert store.read("things")["n"].to_pylist() == [9]
    assert store.transaction("things", "drain") == 7
    assert store.history("things")[-1].note == {"by": "test"}
    assert store.names() == ("things",)
    with pytest.raises(NotFound, match="version 5"):
        store.read("things", 5)


def test_a_commit_over_what_somebody_committed_meanwhile_is_refused(location: Location) -> None:
    store = AssetStore(location)
    store.commit("things", rows(1), base=-1)
    table = store.open("things")
    store.commit("things", rows(2), mode="append", transaction=("drain", 1))
    assert table.version() == 0
    with pytest.raises(Conflict, match="at version 0; found version 1"):
        store.commit("things", rows(3), base=0)
    with pytest.raises(Conflict):
        store.commit("things", rows(3), base=-1)
    assert numbers(store) == [1, 2]


def test_of_two_writers_none_overwrites_what_the_other_wrote(location: Location) -> None:
    AssetStore(location).commit("things", rows(0))

    def write(of: int) -> None:
        store, number = AssetStore(location), 0
        while number < 4:
            version = store.version("things")
            try:
                store.commit("things", rows(of + number), mode="append", base=version)
            except Conflict:
                continue
            number += 1

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, (10, 20)))
    assert numbers(AssetStore(location)) == [0, 10, 11, 12, 13, 20, 21, 22, 23]


def test_a_vacuum_takes_files_and_their_copies(location: Location) -> None:
    store = AssetStore(location)
    for number in range(3):
        store.commit("things", rows(number))
    old = [Path(file) for version in (0, 1) for file in store.files("things", version)]
    assert all(path.exists() for path in old)
    assert vacuum(store, "things", [1], timedelta(0)).removed == 1
    assert [path.exists() for path in old] == [False, True]
    assert numbers(store, 1) == [1]


def test_a_release_of_which_a_file_is_missing_is_not_published(
    sealed: Seal, location: Location
) -> None:
    store = ReleaseStore(location)
    number = sealed(store, "a", files=2)
    store.storage.remove(str(number), ["models/1.npy"])
    with pytest.raises(ChecksFailed, match=r"models/1\.npy"):
        store.publish(number)
    assert store.current() is None
