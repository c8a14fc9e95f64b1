"""Rows on their way into the next version of a derived asset."""

from dataclasses import replace

import pyarrow as pa
import pytest

from mercato.core.errors import ChecksFailed
from mercato.data import made
from mercato.data.assets import ASSETS
from mercato.data.made import commit_made
from mercato.data.store import AssetStore

SESSIONS = ASSETS["sessions"]


def reader(*batches: list[tuple[str | None, str | None]]) -> pa.RecordBatchReader:
    """(shopper_id, session_id) a row."""
    schema = SESSIONS.schema
    rows = [
        pa.RecordBatch.from_pylist(
            [{"shopper_id": who, "session_id": visit} for who, visit in batch], schema=schema
        )
        for batch in batches
    ]
    return pa.RecordBatchReader.from_batches(schema, rows)


@pytest.fixture(params=["in memory", "as they come"])
def anyhow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "as they come":
        monkeypatch.setattr(made, "_IN_MEMORY", 0)


def test_all_batches_are_committed(store: AssetStore, anyhow: None) -> None:
    rows = reader([("a", "1"), ("a", "2")], [], [("b", "1")])
    assert commit_made(store, SESSIONS, rows, {"made_by": "a test"}) == 0
    found = store.read("sessions").to_pylist()  # in no order, where they were written as they came
    assert sorted((row["shopper_id"], row["session_id"]) for row in found) == [
        ("a", "1"),
        ("a", "2"),
        ("b", "1"),
    ]
    assert store.history("sessions")[0].note == {"made_by": "a test"}


def test_nothing_at_all_is_a_version_too(store: AssetStore, anyhow: None) -> None:
    assert commit_made(store, SESSIONS, reader(), {}) == 0
    assert store.read("sessions").num_rows == 0


def test_a_key_that_comes_again_in_the_next_batch_stops_the_commit(
    store: AssetStore, anyhow: None
) -> None:
    rows = reader([("a", "1"), ("a", "2")], [("a", "2"), ("b", "1")])
    with pytest.raises(ChecksFailed, match="one row a shopper_id and session_id in sessions"):
        commit_made(store, SESSIONS, rows, {})
    assert store.version("sessions") is None


def test_a_row_that_fails_a_check_in_a_later_batch_stops_the_commit(
    store: AssetStore, anyhow: None
) -> None:
    with pytest.raises(ChecksFailed, match="a value of session_id in sessions; found 1 rows"):
        commit_made(store, SESSIONS, reader([("a", "1")], [("b", None)]), {})
    assert store.version("sessions") is None


def test_two_rows_without_a_key_are_two_of_one(store: AssetStore) -> None:
    unchecked = replace(SESSIONS, checks=())
    with pytest.raises(ChecksFailed, match="found 1 rows too many"):
        commit_made(store, unchecked, reader([("a", None), ("a", None)]), {})
