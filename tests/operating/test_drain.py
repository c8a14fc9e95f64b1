"""Every line reaches its asset once, whoever is killed, faster or imports the same."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mercato.core.settings import Settings
from mercato.data.assets.answers import ANSWERS
from mercato.data.assets.events import EVENTS
from mercato.data.engines import open_engine
from mercato.data.importing import import_events
from mercato.data.shoppers import SHOPPER_ID, with_shopper
from mercato.data.store import AssetStore, Conflict
from mercato.operating.drain import Moved, drain, drained, prune
from mercato.state import Answer, EventRow, State

NOON = int(datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp()) * 1_000_000
URL = "sqlite:///state.db"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State.open(URL, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path: Path) -> AssetStore:
    return AssetStore(tmp_path / "assets")


def add(state: State, *event_ids: str, ts: int = NOON) -> None:
    rows = [EventRow(name, 0, ts, "view_item", "u", item_id="tea") for name in event_ids]
    state.events.append(rows).result(30)


def in_asset(store: AssetStore) -> list[str]:
    return store.read("events", columns=["event_id"])["event_id"].to_pylist()


def test_a_line_comes_into_the_asset_as_it_is(state: State, store: AssetStore) -> None:
    row = EventRow(
        "e", 2, NOON + 1, "purchase", "u", "v", "s", "i", 2.0, 1.25, "EUR", 2.5, "thé", "q",
        "home", 7, "C", "t", "app", '{"a":1}',
    )  # fmt: skip
    state.events.append([row]).result(30)
    assert drain(state, store) == Moved(added=1)
    table = store.read("events")
    assert table.schema.equals(EVENTS.schema)
    moment = datetime(2026, 5, 1, 12, 0, 0, 1, tzinfo=UTC)
    assert table.to_pylist() == [{**row._asdict(), "ts": moment}]


def test_an_answer_comes_into_the_asset_as_it_is(state: State, store: AssetStore) -> None:
    answer = Answer(
        "q", NOON, "shelf", "home", '{"n":2}', 4, None, "u", "v", "s",
        ("a", "b"), (1, 2), (0.5, 0.25), (1.0, 0.5),
    )  # fmt: skip
    state.answers.append(answer)
    while not state.answers.count_after(0):
        time.sleep(0.01)
    assert drain(state, store) == Moved(added=1)
    table = store.read("answers")
    assert table.schema.equals(ANSWERS.schema)
    (row,) = table.to_pylist()
    assert row.pop("ts") == datetime(2026, 5, 1, 12, tzinfo=UTC)
    for name, found in row.items():
        given = getattr(answer, name)
        assert found == (list(given) if isinstance(given, tuple) else given)


def test_a_login_is_learned_from(state: State, store: AssetStore) -> None:
    """What the visitor did before it, and after, is the user's; sent again it counts once."""
    rows = [
        EventRow("a", 0, NOON, "view_item", None, "phone", item_id="tea"),
        EventRow("l", 0, NOON + 1, "login", "anna", "phone"),
        EventRow("b", 0, NOON + 2, "view_item", None, "phone", item_id="milk"),
    ]
    for _ in range(2):
        state.events.append(rows).result(30)
        drain(state, store)
    assert state.events.user_of("phone") == "anna"
    assert sorted(in_asset(store)) == ["a", "b", "l"]
    with open_engine() as engine:
        lines = with_shopper(engine.arrow(store.read("events")))
        shoppers = engine.table(lines.select(SHOPPER_ID))[SHOPPER_ID].to_pylist()
    assert shoppers == ["anna"] * 3


def test_nothing_is_moved_twice(state: State, store: AssetStore) -> None:
    assert drain(state, store) == Moved()
    assert store.version("events") is None
    add(state, "a", "b")
    assert drain(state, store) == Moved(added=2)
    assert drain(state, store) == Moved()
    add(state, "c")
    assert drain(state, store) == Moved(added=1)
    assert sorted(in_asset(store)) == ["a", "b", "c"]
    assert drained(store, EVENTS) == 3
    assert store.history("events")[0].note == {"made_by": "drain", "from": "2", "to": "3"}


def test_an_event_that_was_imported_too_counts_once(
    state: State, store: AssetStore, tmp_path: Path
) -> None:
    file = tmp_path / "events.csv"
    file.write_text(
        "event_id,line,ts,event,item_id\n"
        "a,0,2026-05-01T12:00:00Z,view_item,tea\n"
        "b,1,2026-05-01T12:00:00Z,view_item,tea\n"
    )
    import_events(store, [file], settings=Settings())
    add(state, "a", "b", "c")  # line 0 of each; the import's line of b is another
    assert drain(state, store) == Moved(added=2, known=1)
    keys = store.read("events", columns=["event_id", "line"]).to_pylist()
    assert sorted((key["event_id"], key["line"]) for key in keys) == [
        ("a", 0),
        ("b", 0),
        ("b", 1),
        ("c", 0),
    ]
    add(state, "d")
    import_events(store, [file], settings=Settings())
    assert drain(state, store) == Moved(added=1)


def test_where_all_was_known_the_log_is_done_all_the_same(state: State, store: AssetStore) -> None:
    add(state, "a")
    drain(state, store)
    state.events.prune(up_to=1, before=NOON + 1)
    add(state, "a")  # sent again long after
    assert drain(state, store) == Moved(known=1)
    assert drained(store, EVENTS) == 2
    assert in_asset(store) == ["a"]


def test_large_logs_go_in_several_commits(
    state: State, store: AssetStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mercato.operating.drain.ROWS_AT_ONCE", 4)
    add(state, *(f"e{n}" for n in range(10)))
    assert drain(state, store) == Moved(added=10)
    assert [version.rows for version in store.history("events")] == [2, 4, 4]
    assert sorted(in_asset(store)) == sorted(f"e{n}" for n in range(10))


def test_a_drain_ends_though_lines_come_all_the_while(
    state: State, store: AssetStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(state, "e0")
    come = iter(range(1, 10))
    real = AssetStore.commit

    def one_more_meanwhile(self: AssetStore, *given: object, **named: object) -> int:
        add(state, f"e{next(come)}")
        return real(self, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(AssetStore, "commit", one_more_meanwhile)
    assert drain(state, store) == Moved(added=1)
    assert drain(state, store) == Moved(added=1)
    assert sorted(in_asset(store)) == ["e0", "e1"]


def test_another_writer_in_between_makes_the_drain_begin_again(
    state: State, store: AssetStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(state, "a")
    drain(state, store)
    add(state, "b")
    other = State.open(URL, tmp_path)
    real = AssetStore.commit

    def slower(self: AssetStore, *given: object, **named: object) -> int:
        monkeypatch.setattr(AssetStore, "commit", real)
        assert drain(other, store) == Moved(added=1)  # another worker, just before us
        return real(self, *given, **named)

    monkeypatch.setattr(AssetStore, "commit", slower)
    with pytest.raises(Conflict):
        drain(state, store)
    other.close()
    assert drain(state, store) == Moved()
    assert sorted(in_asset(store)) == ["a", "b"]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_drain_killed_around_its_commit_moves_each_line_once(
    tmp_path: Path, store: AssetStore, moment: str
) -> None:
    program = f"""
import os, sys
from pathlib import Path
from mercato.data.store import AssetStore
from mercato.operating.drain import drain
from mercato.state import EventRow, State
root = Path({str(tmp_path)!r})
state = State.open({URL!r}, root)
rows = [EventRow(f"e{{n}}", 0, {NOON}, "view_item") for n in range(50)]
state.events.append(rows).result()
real = AssetStore.commit
def dying(self, *given, **named):
    if {moment!r} == "after":
        real(self, *given, **named)
    os.kill(os.getpid(), 9)
AssetStore.commit = dying
drain(state, AssetStore(root / "assets"))
"""
    died = subprocess.run([sys.executable, "-c", program], timeout=60)
    assert died.returncode == -9
    state = State.open(URL, tmp_path)
    added = 50 if moment == "before" else 0
    assert drain(state, store) == Moved(added=added)
    assert sorted(in_asset(store)) == sorted(f"e{n}" for n in range(50))
    state.close()


@pytest.mark.parametrize("rounds", [3, pytest.param(100, marks=pytest.mark.soak)])
def test_drains_killed_at_any_time_move_each_line_once(
    tmp_path: Path, store: AssetStore, rounds: int
) -> None:
    """Processes that add and drain are killed some moments after they began."""
    program = f"""
import sys
from pathlib import Path
from mercato.data.store import AssetStore
from mercato.operating.drain import drain
from mercato.state import EventRow, State
root = Path({str(tmp_path)!r})
state, store = State.open({URL!r}, root), AssetStore(root / "assets")
print("ready", flush=True)
for n in range(10_000):
    state.events.append([EventRow(f"{{sys.argv[1]}}-{{n}}", 0, {NOON}, "view_item")]).result()
    drain(state, store)
"""
    for number in range(rounds):
        command = [sys.executable, "-c", program, str(number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            assert running.stdout.readline() == "ready\n"
            time.sleep(0.1 + 0.037 * (number % 10))
            running.kill()
    state = State.open(URL, tmp_path)
    drain(state, store)
    stored = [row.event_id for row in state.events.after(0, 100_000).rows]
    assert len(stored) > rounds
    assert sorted(in_asset(store)) == sorted(stored)
    state.close()


def test_only_what_is_drained_old_and_learned_from_is_pruned(
    state: State, store: AssetStore
) -> None:
    now = time.time_ns() // 1000
    day = 24 * 3600 * 1_000_000
    add(state, "old", ts=now - 40 * day)
    add(state, "new", ts=now)
    add(state, "late", ts=now - 40 * day)
    drain(state, store)
    add(state, "undrained", ts=now - 40 * day)
    assert prune(state, store, keep_days=30, learned_up_to=2) == 1  # old
    assert prune(state, store, keep_days=30, learned_up_to=100) == 1  # late
    left = [row.event_id for row in state.events.after(0, 10).rows]
    assert left == ["new", "undrained"]
    assert drain(state, store) == Moved(added=1)
    assert sorted(in_asset(store)) == ["late", "new", "old", "undrained"]
