"""Group commit, from the outside: what is committed together, and who hears of errors."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url

from mercato.core.errors import NotReady, Overloaded
from mercato.state import EventRow, State
from mercato.state.databases import sqlite
from mercato.state.writer import Writer


class Recorder:
    """A store that notes its groups and waits in the first until it is let go."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.entered = threading.Event()
        self.go = threading.Event()

    def store(self, connection: Connection, payloads: Sequence[str]) -> Sequence[str]:
        self.groups.append(list(payloads))
        self.entered.set()
        assert self.go.wait(30)
        if "bad" in payloads:
            raise ValueError("bad")
        return [payload.upper() for payload in payloads]


@pytest.fixture
def writer(tmp_path: Path):
    database = sqlite.open_sqlite(make_url("sqlite:///w.db"), tmp_path)
    writer = Writer(database, 1000)
    yield writer
    writer.close()
    database.close()


def test_what_waits_during_a_commit_is_committed_together(writer: Writer) -> None:
    record = Recorder()
    first = writer.submit(record.store, "a", 1)
    assert record.entered.wait(30)
    rest = [writer.submit(record.store, letter, 1) for letter in "bcd"]
    assert writer.rows_waiting == 3
    record.go.set()
    assert [future.result(30) for future in (first, *rest)] == ["A", "B", "C", "D"]
    assert record.groups == [["a"], ["b", "c", "d"]]


def test_an_error_reaches_only_whom_it_concerns(writer: Writer) -> None:
    record = Recorder()
    first = writer.submit(record.store, "a", 1)
    assert record.entered.wait(30)
    good, bad = writer.submit(record.store, "b", 1), writer.submit(record.store, "bad", 1)
    record.go.set()
    assert (first.result(30), good.result(30)) == ("A", "B")
    with pytest.raises(ValueError, match="bad"):
        bad.result(30)
    assert writer.alive


def test_a_write_whose_sender_left_is_not_made(writer: Writer) -> None:
    record = Recorder()
    first = writer.submit(record.store, "a", 1)
    assert record.entered.wait(30)
    left, stays = writer.submit(record.store, "b", 1), writer.submit(record.store, "c", 1)
    assert left.cancel()
    record.go.set()
    assert (first.result(30), stays.result(30)) == ("A", "C")
    assert record.groups == [["a"], ["c"]]


def test_a_group_has_a_largest_size(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mercato.state.writer.MOST_ROWS_A_GROUP", 10)
    record = Recorder()
    writer.submit(record.store, "a", 1)
    assert record.entered.wait(30)
    last = [writer.submit(record.store, letter, 6) for letter in "bcde"][-1]
    record.go.set()
    last.result(30)
    assert record.groups == [["a"], ["b", "c"], ["d", "e"]]


def test_another_process_that_keeps_the_lock_means_come_back_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sqlite.PRAGMAS, "busy_timeout", 20)
    state = State.open("sqlite:///state.db", tmp_path)
    with state.database.writing.begin():  # holds the write lock
        waiting = state.events.append([EventRow("e", 0, 0, "view_item", "u")])
        with pytest.raises(Overloaded, match="write lock"):
            waiting.result(30)
    again = state.events.append([EventRow("e", 0, 0, "view_item", "u")])
    assert again.result(30).accepted == 1
    state.close()


def test_a_process_that_hangs_in_its_turn_stops_nobody_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_MILLISECONDS", 50)
    state = State.open("sqlite:///state.db", tmp_path)
    with state.database.turn():
        future = state.events.append([EventRow("e", 0, 0, "view_item", "u")])
        assert future.result(30).accepted == 1
    state.close()


def test_a_full_disk_is_said_and_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    State.open("sqlite:///state.db", tmp_path).close()
    with monkeypatch.context() as small:
        small.setitem(sqlite.PRAGMAS, "max_page_count", 40)
        state = State.open("sqlite:///state.db", tmp_path)
        basket = [EventRow("big", line, 0, "purchase", attributes="x" * 900) for line in range(500)]
        with pytest.raises(NotReady, match="Free some disk"):
            state.events.append(basket).result(30)
        small_one = state.events.append([EventRow("small", 0, 0, "view_item")])
        assert small_one.result(30).accepted == 1
        state.close()
    state = State.open("sqlite:///state.db", tmp_path)
    assert [row.event_id for row in state.events.after(0, 10).rows] == ["small"]
    assert state.events.append(basket).result(30).accepted == 1
    state.close()
