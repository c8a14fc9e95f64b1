"""The logs of answers and of item changes."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from mercato.core.changes import Change, ItemChange
from mercato.core.errors import Overloaded
from mercato.state import Answer, EventRow, State

ANSWER = Answer(
    query_id="q1",
    ts=5,
    kind="shelf",
    placement="home",
    request='{"n":2}',
    release=3,
    variant=None,
    user_id="u",
    visitor_id=None,
    session_id="s",
    item_ids=("a", "b"),
    positions=(1, 2),
    scores=(0.5, 0.25),
    propensities=(1.0, 1.0),
)


def test_answers_are_written_soon_though_nobody_waits(state: State) -> None:
    state.answers.append(ANSWER)
    deadline = time.monotonic() + 10
    while not state.answers.count_after(0) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert state.answers.after(0, 10).rows == (ANSWER,)


def test_an_answer_is_found_by_its_query(url: str, tmp_path: Path) -> None:
    state = State.open(url, tmp_path)
    state.answers.append(ANSWER)
    state.answers.append(replace(ANSWER, query_id="q2", item_ids=("c",)))
    state.close()
    again = State.open(url, tmp_path)
    assert again.answers.find("q1") == ANSWER
    assert again.answers.find("q3") is None
    again.close()


def test_answers_are_flushed_when_the_state_is_closed(url: str, tmp_path: Path) -> None:
    state = State.open(url, tmp_path)
    answers = [replace(ANSWER, query_id=f"q{n}") for n in range(50)]
    for answer in answers:
        state.answers.append(answer)
    state.close()
    state = State.open(url, tmp_path)
    found = state.answers.after(0, 30)
    assert list(found.rows + state.answers.after(found.last, 30).rows) == answers
    assert state.answers.prune(up_to=10, before=6) == 10
    assert state.answers.count_after(0) == 40
    state.close()


def test_answers_are_pruned_in_short_transactions(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mercato.state.pruning.PRUNED_AT_ONCE", 2)
    for number in range(5):
        state.answers.append(replace(ANSWER, query_id=f"q{number}"))
    deadline = time.monotonic() + 10
    while state.answers.count_after(0) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    commits: list[object] = []
    event.listen(state.database.writing, "commit", commits.append)
    assert state.answers.prune(up_to=5, before=6) == 5
    assert len(commits) == 3


def test_an_answer_that_cannot_be_written_is_counted_and_harms_nobody(state: State) -> None:
    state.answers.append(ANSWER)
    state.answers.append(ANSWER)  # the same query_id
    future = state.events.append([EventRow("e", 0, 0, "view_item", "u")])
    assert future.result(30).accepted == 1
    state.close()
    assert state.answers.lost == 1


def test_item_changes_come_back_in_order_for_every_worker(
    state: State, url: str, tmp_path: Path
) -> None:
    put = ItemChange(0, Change.PUT, "a", {"id": "a", "title": "Tea", "price": 2.5}, b"\x01\x02")
    patch = ItemChange(0, Change.PATCH, "a", {"price": None, "attributes": {"k": ["x", 1]}})
    seqs = state.items.append([put, patch]).result(30)
    assert seqs == [1, 2]
    other = State.open(url, tmp_path)
    assert other.items.since(0) == [replace(put, seq=1), replace(patch, seq=2)]
    assert other.items.since(1) == [replace(patch, seq=2)]
    assert other.items.newest() == 2
    gone = other.items.append([ItemChange(0, Change.DELETE, "a", {})]).result(30)
    assert gone == [3]
    assert state.items.since(2) == [ItemChange(3, Change.DELETE, "a", {})]
    assert state.items.prune(3) == 3
    assert state.items.append([put]).result(30) == [4]
    other.close()


def test_too_much_waiting_is_refused(url: str, tmp_path: Path) -> None:
    state = State.open(url, tmp_path, most_waiting=10)
    with pytest.raises(Overloaded, match="at most 10 rows"):
        state.events.append([EventRow(f"e{n}", 0, 0, "view_item") for n in range(11)])
    fits = state.events.append([EventRow(f"e{n}", 0, 0, "view_item") for n in range(10)])
    assert fits.result(30).accepted == 10
    state.close()


def test_changes_up_to_a_moment(state: State) -> None:
    first = ItemChange(0, Change.PUT, "a", {"title": "A"}, None)
    state.items.append([first]).result(10)
    between = time.time_ns() // 1000
    time.sleep(0.002)
    state.items.append([first]).result(10)
    assert [each.seq for each in state.items.since(0)] == [1, 2]
    assert [each.seq for each in state.items.since(0, between)] == [1]
