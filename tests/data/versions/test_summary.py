"""What the log of an asset tells of its versions."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from mercato.core.errors import NotFound
from mercato.data.importing import import_items
from mercato.data.store import AssetStore
from mercato.data.versions.notes import origin
from mercato.data.versions.summary import Summary, schema_of, summaries, summary, version_at


def things(*numbers: int) -> pa.Table:
    return pa.table({"n": pa.array(numbers, pa.int64()), "__source": pa.array(numbers, pa.int64())})


def test_a_summary_tells_rows_files_and_what_they_came_from(store, write_csv, settings):
    feed = write_csv("feed.csv", ["id", "title"], ["a", "Tea"], ["b", "Pot"])
    import_items(store, [feed], settings=settings)
    told = summary(store, "items")
    assert (told.name, told.version, told.rows, told.files) == ("items", 0, 2, 1)
    assert told.size == sum(f.stat().st_size for f in (store.root / "items").glob("*.parquet"))
    assert told.origin.made_by == "import"
    assert told.origin.told() == ("feed.csv",)
    assert datetime.now(UTC) - told.committed_at < timedelta(minutes=1)
    assert "__source" not in schema_of(store, "items").names


def test_all_assets_are_listed_inputs_first(store):
    for name in ("zebra", "histories", "events"):
        store.commit(name, things(1))
    assert [each.name for each in summaries(store)] == ["events", "histories", "zebra"]


def test_a_version_is_summed_up_once(store: AssetStore, monkeypatch: pytest.MonkeyPatch):
    asked = []

    def counted(store: AssetStore, name: str) -> Summary:
        asked.append(name)
        return summary(store, name)

    monkeypatch.setattr("mercato.data.versions.summary.summary", counted)
    store.commit("things", things(1))
    store.commit("others", things(1))
    assert summaries(store) == summaries(store)
    assert sorted(asked) == ["others", "things"]
    store.commit("things", things(1, 2))
    assert [each.rows for each in summaries(store)] == [1, 2]
    assert asked[2:] == ["things"]
    # Another table of the same name and version.
    shutil.rmtree(store.root / "others")
    store.commit("others", things(1, 2, 3))
    assert [each.rows for each in summaries(store)] == [3, 2]


def test_upkeep_does_not_hide_who_made_the_rows(store: AssetStore):
    store.commit("things", things(1), note={"made_by": "derive", "inputs": '{"events": 3}'})
    store.commit("things", things(1), note={"made_by": "compact"})
    store.commit("things", things(1), note={"made_by": "vacuum"})
    told = summary(store, "things")
    assert told.version == 2
    assert told.committed_at == store.history("things")[-1].ts
    assert told.origin.told() == ("events@3",)


def test_the_version_at_a_time_is_the_last_one_before_it(store: AssetStore):
    for number in range(3):
        store.commit("things", things(number))
    first, second = sorted(store.history("things"), key=lambda each: each.version)[:2]
    assert version_at(store, "things", first.ts - timedelta(milliseconds=1)) is None
    assert version_at(store, "things", second.ts) in (1, 2)  # commits may share a millisecond
    assert version_at(store, "things", datetime.now(UTC)) == 2
    assert summaries(store, first.ts - timedelta(days=1)) == []


def test_versions_that_are_not_there_are_named(store: AssetStore):
    store.commit("things", things(1))
    with pytest.raises(NotFound, match=r"version 7 of asset 'things'; found versions 0 to 0"):
        summary(store, "things", 7)
    with pytest.raises(NotFound, match="'nothing'; found things"):
        summary(store, "nothing")


def test_a_version_without_its_files_is_refused(store: AssetStore):
    store.commit("things", things(1))
    store.commit("things", things(2))
    for file in store.files("things", 0):
        (store.root / "things" / file).unlink()
    assert summary(store, "things").rows == 1
    with pytest.raises(NotFound, match="1 of its files were removed by a vacuum"):
        summary(store, "things", 0)


def test_notes_are_read_back():
    drained = origin({"made_by": "drain", "from": "4", "to": "9"})
    assert drained.told() == ("changes 5 to 9 of the running shop",)
    derived = origin({"made_by": "derive", "inputs": json.dumps({"events": None, "items": 2})})
    assert derived.told() == ("events", "items@2")
    assert origin({}).told() == ()
