"""What a shop keeps for so many days only is gone after them, and nothing else."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mercato.core.events import EventRow
from mercato.core.settings import PrivacySettings
from mercato.data.store import AssetStore
from mercato.operating.drain import MICROSECONDS_PER_DAY, drain, prune
from mercato.operating.retiring import retire
from mercato.state import State

NOW = time.time_ns() // 1000


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State.open("sqlite:///state.db", tmp_path)
    ages = (0, 2, 9, 11, 40)
    rows = [EventRow(f"d{n}", 0, NOW - n * MICROSECONDS_PER_DAY, "view_item", "u") for n in ages]
    opened.events.append(rows).result(30)
    yield opened
    opened.close()


def ids(store: AssetStore) -> list[str]:
    return sorted(store.read("events", columns=["event_id"])["event_id"].to_pylist())


def test_old_rows_leave_the_asset_once_a_day(state: State, tmp_path: Path) -> None:
    store = AssetStore(tmp_path / "assets")
    drain(state, store)
    assert retire(state, store, PrivacySettings()) == {}
    assert retire(state, store, PrivacySettings(events_days=10)) == {"events": 2}
    assert ids(store) == ["d0", "d2", "d9"]
    assert retire(state, store, PrivacySettings(events_days=10)) == {}
    assert retire(state, store, PrivacySettings(events_days=5)) == {"events": 1}
    old = [EventRow("late", 0, NOW, "view_item", "u")]
    state.events.append(old).result(30)
    assert drain(state, store).added == 1  # what delta-rs has rewritten is read as before


def test_the_state_keeps_nothing_for_longer(state: State, tmp_path: Path) -> None:
    store = AssetStore(tmp_path / "assets")
    drain(state, store)
    learned = 1_000
    assert prune(state, store, 30, learned, PrivacySettings(answers_days=1)) == 1  # d40
    assert prune(state, store, 30, learned, PrivacySettings(events_days=10)) == 1  # d11
    assert [row.event_id for row in state.events.after(0, 9).rows] == ["d0", "d2", "d9"]
