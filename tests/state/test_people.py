"""People of the console in the state: what no log repeats, sessions, failures, changes by two."""

import threading
from pathlib import Path

import pytest

from mercato.state import State
from mercato.state.decisions import Decision
from mercato.state.documents import ChangedMeanwhile, DocumentChange
from mercato.state.people import SIGNING_IN, StoredSession


def decision(ts: int) -> Decision:
    return Decision("10.0.0.1", "POST /console/sign-in", SIGNING_IN, "ana", None, None, ts)


def test_the_log_says_that_a_person_changed_and_repeats_no_hash(state: State) -> None:
    secret = {"role": "owner", "password": "$argon2id$one", "link": {"sha256": "ab"}}
    for document in (secret, secret | {"password": "$argon2id$two", "changed": 7}):
        change = DocumentChange("ana", document)
        assert state.people.change([change], actor="me", action="test").result(30) is None
    stored = state.people.get("ana")
    assert stored is not None and stored.document["password"] == "$argon2id$two"
    told = [(each.before, each.after) for each in state.decisions.since()]
    assert told == [
        (None, {"role": "owner"}),
        ({"role": "owner"}, {"role": "owner", "changed": 7}),
    ]


def test_a_session_begins_is_used_and_ends_on_every_worker(
    state: State, url: str, tmp_path: Path
) -> None:
    other = State.open(url, tmp_path)
    begun = StoredSession("a" * 64, "ana", 1_000, 1_000)
    state.sessions.begin(begun, decision(1_000))
    assert other.sessions.get("a" * 64) == begun
    other.sessions.seen("a" * 64, 5_000)
    assert state.sessions.get("a" * 64) == StoredSession("a" * 64, "ana", 1_000, 5_000)
    state.sessions.end("a" * 64, decision(6_000))
    state.sessions.end("a" * 64, decision(7_000))  # has ended already: no line
    assert other.sessions.get("a" * 64) is None
    assert [each.ts for each in other.decisions.since()] == [1_000, 6_000]
    other.close()


def test_sessions_that_are_over_are_forgotten(state: State) -> None:
    for name, begun, seen in (("old", 1, 99), ("silent", 50, 51), ("alive", 50, 99)):
        state.sessions.begin(StoredSession(name, "ana", begun, seen), decision(begun))
    state.sessions.forget(begun_before=2, seen_before=52)
    assert [state.sessions.get(name) is None for name in ("old", "silent", "alive")] == [
        True,
        True,
        False,
    ]


def test_failures_are_counted_by_person_and_address_for_a_day(state: State) -> None:
    day = 86_400_000_000
    tries = [(10, "ana", "1.1.1.1"), (20, "ana", "2.2.2.2"), (30, "ben", "1.1.1.1")]
    for ts, person, address in tries:
        state.sessions.fail(person, address, decision(ts))
    assert state.sessions.failures(10, "ana", "1.1.1.1") == (1, 2, 2)
    assert state.sessions.failures(11, "ana", "1.1.1.1") == (0, 1, 1)
    state.sessions.fail("ana", "1.1.1.1", decision(25 + day))
    assert state.sessions.failures(0, "ana", "1.1.1.1") == (1, 1, 2)


def test_of_two_who_read_and_write_at_once_none_undoes_the_other(
    state: State, url: str, tmp_path: Path
) -> None:
    """Each adds one to the number as it read it, eight times: read-then-write would lose some."""
    other = State.open(url, tmp_path)
    both = threading.Barrier(2)

    def count(mine: State) -> None:
        both.wait()
        for _ in range(8):
            mine.rules.rewrite(lambda: _one_more(mine), actor="me", action="test")

    threads = [threading.Thread(target=count, args=(each,)) for each in (state, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = state.rules.get("a")
    assert stored is not None and stored.document == {"n": 16}
    other.close()


def _one_more(state: State) -> tuple[list[DocumentChange], None]:
    stored = state.rules.get("a")
    return [DocumentChange("a", {"n": 1 + (stored.document["n"] if stored else 0)})], None


def test_who_is_outrun_every_time_is_told(state: State) -> None:
    def outrun() -> tuple[list[DocumentChange], None]:
        quicker = DocumentChange("b", {"n": 1})
        state.rules.change([quicker], actor="me", action="test").result(30)
        return [DocumentChange("a", {"n": 1})], None

    with pytest.raises(ChangedMeanwhile, match="nobody else changes"):
        state.rules.rewrite(outrun, actor="me", action="test")
    assert state.rules.get("a") is None
