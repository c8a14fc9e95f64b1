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
from mercato.state.audit import Access
from mercato.state.heads import noted_heads

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


def test_without_a_build_the_state_keeps_events_no_longer_either(
    state: State, tmp_path: Path
) -> None:
    store = AssetStore(tmp_path / "assets")
    drain(state, store)
    assert prune(state, store, 30, 0, PrivacySettings()) == 0  # the next build's
    assert prune(state, store, 30, 0, PrivacySettings(events_days=10)) == 2
    assert [row.event_id for row in state.events.after(0, 9).rows] == ["d0", "d2", "d9"]


def test_who_read_what_is_forgotten_where_a_shop_wants_it(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for age in (9, 5, 0):
        monkeypatch.setattr(
            "mercato.state.audit.time.time_ns",
            lambda age=age: (NOW - age * MICROSECONDS_PER_DAY) * 1000,
        )
        state.audit.append(Access(f"{age} days ago", "users", "events", (), "looking")).result(30)
    store = AssetStore(tmp_path / "assets")
    monkeypatch.undo()
    prune(state, store, 30, 0, PrivacySettings())
    assert len(list(state.audit.since())) == 3
    assert list(noted_heads(tmp_path, "audit")) == [3]
    for _ in range(2):
        prune(state, store, 30, 0, PrivacySettings(audit_days=7))
    assert [each.actor for each in state.audit.since()] == ["5 days ago", "0 days ago"]
    assert [each.actor for each in state.decisions.since()] == ["mercato serve"]


@pytest.mark.parametrize(
    ("privacy", "known"),
    [
        (PrivacySettings(), {"v2", "v9", "v40"}),
        (PrivacySettings(events_days=30), {"v2", "v9"}),
        (PrivacySettings(events_days=30, links_days=5), {"v2"}),
    ],
)
def test_whose_a_visitor_was_is_forgotten(
    privacy: PrivacySettings, known: set[str], state: State, tmp_path: Path
) -> None:
    seen = [
        EventRow(f"v{n}", 0, NOW - n * MICROSECONDS_PER_DAY, "view_item", "u", f"v{n}")
        for n in (2, 9, 40)
    ]
    state.events.append(seen).result(30)
    prune(state, AssetStore(tmp_path / "assets"), 1_000, 0, privacy)
    assert {row.visitor_id for row in seen if state.events.user_of(str(row.visitor_id))} == known
