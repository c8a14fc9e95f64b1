import os
from pathlib import Path

import pyarrow as pa
import pytest

from mercato.core.errors import BadInput, NotFound
from mercato.data.engines import open_engine
from mercato.data.store import AssetStore, Conflict


def rows(*numbers: int) -> pa.Table:
    return pa.table(
        {
            "n": pa.array(numbers, pa.int64()),
            "text": pa.array([f"row {n}" for n in numbers], pa.string()),
        }
    )


def test_an_empty_store_has_nothing(store: AssetStore) -> None:
    assert store.names() == ()
    assert store.version("items") is None
    assert store.history("items") == []
    assert store.transaction("items", "drain") is None
    with pytest.raises(NotFound, match="'items'.*no asset at all"):
        store.read("items")


def test_each_commit_is_a_version_that_can_be_read_again(store: AssetStore) -> None:
    assert store.commit("things", rows(1, 2), note={"made_by": "test"}) == 0
    assert store.commit("things", rows(3), mode="append") == 1
    assert store.commit("things", rows(9), mode="overwrite") == 2

    def numbers(version: int | None) -> list[int]:
        return sorted(store.read("things", version)["n"].to_pylist())

    assert [numbers(version) for version in (0, 1, 2, None)] == [[1, 2], [1, 2, 3], [9], [9]]
    assert store.read("things", 1, ["text"]).column_names == ["text"]
    assert len(store.files("things", 1)) == 2
    assert store.names() == ("things",)


def test_history_tells_what_versions_were_made_from(store: AssetStore) -> None:
    store.commit("things", rows(1, 2), note={"source": "a.csv"})
    store.commit("things", rows(3), mode="append", note={"source": "b.csv"})
    newest, oldest = store.history("things")
    assert (newest.version, newest.rows, newest.note) == (1, 1, {"source": "b.csv"})
    assert (oldest.version, oldest.rows, oldest.note) == (0, 2, {"source": "a.csv"})
    assert newest.ts >= oldest.ts
    assert [each.version for each in store.history("things", limit=1)] == [1]


def test_readers_of_batches_are_committed_too(store: AssetStore) -> None:
    store.commit("things", rows(*range(1000)).to_reader(max_chunksize=7))
    assert store.read("things").num_rows == 1000


def test_a_reader_that_fails_leaves_the_version_before(store: AssetStore) -> None:
    store.commit("things", rows(1))

    def batches():
        yield from rows(2).to_batches()
        raise ValueError("the source broke off")

    broken = pa.RecordBatchReader.from_batches(rows().schema, batches())
    with pytest.raises(Exception, match="the source broke off"):
        store.commit("things", broken)
    assert store.version("things") == 0
    assert store.read("things")["n"].to_pylist() == [1]


def test_a_commit_over_another_version_is_refused(store: AssetStore) -> None:
    store.commit("things", rows(1), base=-1)
    with pytest.raises(Conflict, match="at version -1; found version 0"):
        store.commit("things", rows(2), base=-1)
    store.commit("things", rows(2), base=0)
    with pytest.raises(Conflict, match="at version 0; found version 1"):
        store.commit("things", rows(3), base=0)
    assert store.read("things")["n"].to_pylist() == [2]


def test_the_number_of_an_application_is_kept_with_its_commit(store: AssetStore) -> None:
    store.commit("events", rows(1), mode="append", transaction=("drain", 17))
    store.commit("events", rows(2), mode="append")
    assert store.transaction("events", "drain") == 17
    assert store.transaction("events", "other") is None
    store.commit("events", rows(3), mode="append", transaction=("drain", 40))
    assert store.transaction("events", "drain") == 40


def test_columns_of_a_newer_mercato_are_added(store: AssetStore) -> None:
    store.commit("things", rows(1))
    store.commit("things", pa.table({"n": [2], "new": ["x"]}), mode="append")
    found = store.read("things").sort_by("n").to_pylist()
    assert found == [
        {"n": 1, "text": "row 1", "new": None},
        {"n": 2, "text": None, "new": "x"},
    ]


def test_a_version_that_does_not_exist_is_named(store: AssetStore) -> None:
    store.commit("things", rows(1))
    with pytest.raises(NotFound, match="version 3 of asset 'things'; found versions 0 to 0"):
        store.read("things", 3)


@pytest.mark.parametrize("name", ["my shop", "café", "what? *now*", "it's #1 {new}"])
def test_folders_may_have_any_usual_name(tmp_path: Path, name: str) -> None:
    store = AssetStore(tmp_path / name / "assets")
    store.commit("things", rows(1))
    store.commit("things", rows(2), mode="append")
    with open_engine() as engine:
        expression = engine.files(store.files("things"), rows().schema)
        assert engine.table(expression, order_by=["n"])["n"].to_pylist() == [1, 2]


def test_a_folder_that_delta_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"\[ \] in .*Rename or move"):
        AssetStore(tmp_path / "shop [1]").commit("things", rows(1))
    assert not (tmp_path / "shop [1]" / "things").exists()


def test_a_commit_is_flushed_before_it_counts(
    store: AssetStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.commit("things", rows(1))
    flushed: list[str] = []
    really = os.fsync

    def noting(descriptor: int) -> None:
        flushed.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        really(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    store.commit("things", rows(2), mode="append")
    folder = store.root / "things"
    commit = folder / "_delta_log" / f"{1:020}.json"
    new = set(store.files("things", 1)) - set(store.files("things", 0))
    named = {str((folder / each).resolve()) for each in new}
    assert len(named) == 1
    assert named | {str(commit), str(commit.parent), str(folder)} == set(flushed)
    assert flushed.index(str(commit)) > flushed.index(named.pop())


def test_a_commit_that_a_power_cut_left_empty_changed_nothing(store: AssetStore) -> None:
    store.commit("things", rows(1), transaction=("drain", 7))
    (store.root / "things" / "_delta_log" / f"{1:020}.json").touch()
    assert store.read("things")["n"].to_pylist() == [1]
    assert store.transaction("things", "drain") == 7
    store.commit("things", rows(2), mode="append", transaction=("drain", 9))
    assert sorted(store.read("things")["n"].to_pylist()) == [1, 2]
