"""The log of accesses: durable, in order, found by person."""

import time
from pathlib import Path

from mercato.state import State
from mercato.state.audit import Access


def access(action: str, subject: str | None = None) -> Access:
    return Access("ana@host", action, "events", ("user_id",), "looked at", subject)


def test_accesses_are_kept_in_order_with_their_time(state: State) -> None:
    before = time.time_ns() // 1000
    state.audit.append(access("events"), access("audit", "p-1")).result(30)
    found = list(state.audit.since())
    assert [each.action for each in found] == ["events", "audit"]
    assert found[0].columns == ("user_id",)
    assert before <= found[0].ts <= time.time_ns() // 1000
    assert list(state.audit.since(found[1].ts + 1)) == []
    assert [each.action for each in state.audit.since(subject="p-1")] == ["audit"]


def test_a_long_log_comes_whole(state: State) -> None:
    state.audit.append(*(access(str(n)) for n in range(2_500))).result(30)
    assert [each.action for each in state.audit.since()] == [str(n) for n in range(2_500)]


def test_accesses_that_nobody_waits_for_are_written_when_the_state_is_closed(
    url: str,
    tmp_path: Path,
) -> None:
    state = State.open(url, tmp_path)
    state.audit.append(access("page"), waited_for=False)
    state.close()
    again = State.open(url, tmp_path)
    assert [each.action for each in again.audit.since()] == ["page"]
    again.close()


def test_a_secret_is_made_once(url: str, tmp_path: Path) -> None:
    state, other = State.open(url, tmp_path), State.open(url, tmp_path)
    made = state.secret("mask")
    assert len(made) == 32
    assert other.secret("mask") == made
    assert state.secret("another") != made
    state.close()
    other.close()
