"""What only a server brings: writers beside each other, and connections that break."""

import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mercato.core.changes import Change, ItemChange
from mercato.core.errors import MercatoError, NotReady
from mercato.state import Answer, Appended, EventRow, State
from mercato.state.databases import postgres
from mercato.state.databases.database import Lost
from mercato.state.documents import DocumentChange, Wanted

COMMIT = b"COMMIT\0"
"""Not the one of READ COMMITTED."""

PUT = ItemChange(0, Change.PUT, "a", {"title": "Tea"})


ANSWER = Answer(
    *("q", 5, "search", None, "{}", 1, None, None, "v", None),
    *(("a",), (1,), (1.0,), (1.0,)),
)


def view(event_id: str) -> EventRow:
    return EventRow(event_id, 0, 0, "view_item", "u")


def test_whoever_follows_the_numbers_misses_none(postgres_url: str, tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from mercato.state import EventRow, State
state = State.open({postgres_url!r}, Path({str(tmp_path)!r}))
for n in range(150):
    rows = [EventRow(f"{{sys.argv[1]}}-{{n}}-{{m}}", 0, n, "view_item") for m in range(1 + n % 7)]
    state.events.append(rows).result()
state.close()
"""
    state = State.open(postgres_url, tmp_path)
    running = [subprocess.Popen([sys.executable, "-c", program, str(n)]) for n in range(3)]
    last, seen = 0, []
    done = False
    while not done:
        done = all(process.poll() is not None for process in running)
        found = state.events.after(last, 1_000)
        last, seen = found.last, [*seen, *(row.event_id for row in found.rows)]
    assert [process.wait() for process in running] == [0, 0, 0]
    per_process = sum(1 + n % 7 for n in range(150))
    assert len(seen) == len(set(seen)) == 3 * per_process
    state.close()


def test_chains_of_several_processes_are_one(postgres_url: str, tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from mercato.state import State
from mercato.state.audit import Access
state = State.open({postgres_url!r}, Path({str(tmp_path)!r}))
for n in range(60):
    state.audit.append(Access(sys.argv[1], "a", "events", (), "z", ts=n)).result()
state.close()
"""
    running = [subprocess.Popen([sys.executable, "-c", program, str(n)]) for n in range(3)]
    state = State.open(postgres_url, tmp_path)
    while any(process.poll() is None for process in running):
        assert state.verify("audit").broken is None
    found = state.verify("audit")
    assert (found.rows, found.broken) == (180, None)
    state.close()


def test_a_commit_that_was_made_unheard_is_not_made_again(wired: State, wire: Any) -> None:
    wired.events.append([view("before")]).result(30)
    wire.cut_after = COMMIT
    assert wired.items.append([PUT]).result(30) == [1]
    assert wire.cuts == 1
    assert [each.seq for each in wired.items.since(0)] == [1]
    wire.cut_after = COMMIT
    assert wired.events.append([view("e")]).result(30) == Appended(accepted=1, duplicates=0)
    wire.cut_after = COMMIT
    change = DocumentChange("r", {"n": 1}, Wanted.NEW)
    assert wired.rules.change([change], actor="me", action="rules").result(30) is None
    assert wire.cuts == 3
    assert wired.verify("decisions").rows == 1


def test_a_commit_that_never_came_is_made_again(wired: State, wire: Any) -> None:
    wired.events.append([view("before")]).result(30)
    wire.cut_at = COMMIT
    assert wired.items.append([PUT]).result(30) == [2], "a number is lost, no change"
    assert len(wired.items.since(0)) == 1
    wire.cut_at = b"json_to_recordset"
    assert wired.events.append([view("e")]).result(30) == Appended(accepted=1, duplicates=0)


def test_a_connection_that_was_cut_in_the_pool_is_not_used(wired: State, wire: Any) -> None:
    wired.events.append([view("e")]).result(30)
    assert len(wired.events.recent("u", None)) == 1
    wire.cut()
    time.sleep(0.05)
    assert len(wired.events.recent("u", None)) == 1, "nobody notices"


def test_connections_that_the_server_ends_under_load(
    postgres_url: str, postgres_server: Any, tmp_path: Path
) -> None:
    state = State.open(postgres_url, tmp_path)
    name = postgres_url.rpartition("/")[2]
    ended = threading.Event()

    def end() -> None:
        while not ended.wait(0.03):
            postgres_server.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                f"WHERE datname = '{name}' AND application_name = 'mercato'"
            )

    thread = threading.Thread(target=end)
    thread.start()
    took = [
        state.events.append([view(f"e{n}-{m}") for m in range(20)]).result(60) for n in range(40)
    ]
    ended.set()
    thread.join()
    assert took == [Appended(20, 0)] * 40
    assert state.events.count_after(0) == 800
    state.close()


def test_a_server_that_is_silent_is_given_up(
    wired: State, wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "SILENT_SECONDS", 0.3)
    monkeypatch.setattr("mercato.state.writer.LOST_SECONDS", 0.0)
    wired.events.append([view("e")]).result(30)
    wire.stopped.set()
    with pytest.raises(NotReady, match="no connection"):
        wired.events.recent("u", None)
    with pytest.raises(NotReady, match="no connection"):
        wired.events.append([view("f")]).result(30)
    wire.stopped.clear()
    assert wired.events.append([view("g")]).result(30).accepted == 1


def test_who_vanishes_in_the_middle_of_a_write_holds_up_the_others_for_seconds(
    postgres_url: str, tmp_path: Path
) -> None:
    """Its connection stays open and says nothing more, as that of a host without a cable."""
    state, other = State.open(postgres_url, tmp_path), State.open(postgres_url, tmp_path)
    with pytest.raises(Lost), other.database.write() as connection:
        begun = time.monotonic()
        assert state.events.append([view("e")]).result(30).accepted == 1
        assert time.monotonic() - begun < 5, "as long as deploy/ lets balancers wait"
        connection.exec_driver_sql("SELECT 1")
    assert other.events.append([view("f")]).result(30).accepted == 1, "if it is back"
    state.close()
    other.close()


def test_answers_wait_for_a_server_that_is_away(
    wired: State, wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "SILENT_SECONDS", 0.3)
    monkeypatch.setattr("mercato.state.writer.LOST_SECONDS", 0.0)
    monkeypatch.setattr("mercato.state.answers.MOST_HELD", 2)
    wire.stopped.set()
    for number in range(4):
        wired.answers.append(replace(ANSWER, query_id=f"q{number}"))
    deadline = time.monotonic() + 20
    while wired.answers.held + wired.answers.lost < 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (wired.answers.held, wired.answers.lost) == (2, 2)
    wire.stopped.clear()
    wired.answers.again()
    wired.events.append([view("e")]).result(30)
    assert [each.query_id for each in wired.answers.after(0, 10).rows] == ["q0", "q1"]
    assert wired.answers.held == 0


def test_what_was_acknowledged_outlives_killed_servers(own_postgres: Any, tmp_path: Path) -> None:
    """Events are sent all the while; the server is killed and started again, three times."""
    state = State.open(own_postgres.url(), tmp_path)
    sent: list[tuple[str, Future[Appended]]] = []
    ended = threading.Event()

    def send() -> None:
        for number in range(100_000):
            if ended.wait(0.002):
                return
            try:
                sent.append((f"e{number}", state.events.append([view(f"e{number}")])))
            except MercatoError as error:
                assert error.status in (429, 503)

    thread = threading.Thread(target=send)
    thread.start()
    for pause in (0.1, 0.5, 1.0):
        time.sleep(0.3)
        own_postgres.kill()
        with pytest.raises(NotReady, match="no connection"):
            state.events.recent("u", None)
        time.sleep(pause)
        own_postgres.start()
    time.sleep(0.5)
    ended.set()
    thread.join()
    outcomes = {name: future.exception(60) for name, future in sent}
    state.close()
    stored = Counter(row.event_id for row in _all(own_postgres.url(), tmp_path))
    acknowledged = {name for name, error in outcomes.items() if error is None}
    assert len(acknowledged) > 100
    assert all(stored[name] == 1 for name in acknowledged)
    assert {type(error) for error in outcomes.values() if error is not None} <= {Lost}
    assert max(stored.values()) == 1


def test_what_was_acknowledged_outlives_a_failover(own_postgres: Any, tmp_path: Path) -> None:
    """The first server is killed for good under load; its synchronous standby is promoted."""
    second = own_postgres.standby()
    hosts = f"host=127.0.0.1:{own_postgres.port}&host=127.0.0.1:{second.port}"
    url = f"postgresql+psycopg://postgres@/postgres?{hosts}"
    try:
        state = State.open(url, tmp_path)
        sent: list[tuple[str, Future[Appended]]] = []
        for number in range(400):
            if number == 150:
                own_postgres.kill()
                threading.Timer(0.5, second.promote).start()
            try:
                sent.append((f"e{number}", state.events.append([view(f"e{number}")])))
            except MercatoError as error:
                assert error.status in (429, 503)
            time.sleep(0.005)
        outcomes = {name: future.exception(60) for name, future in sent}
        assert len(state.events.recent("u", None, limit=1_000)) > 150
        state.close()
        stored = Counter(row.event_id for row in _all(second.url(), tmp_path))
        acknowledged = {name for name, error in outcomes.items() if error is None}
        assert {"e0", "e399"} <= acknowledged
        assert all(stored[name] == 1 for name in acknowledged)
        assert max(stored.values()) == 1
    finally:
        second.delete()


def test_while_the_server_is_away_answers_come_at_once(
    own_postgres: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mercato.state.writer.LOST_SECONDS", 0.2)
    state = State.open(own_postgres.url(), tmp_path)
    own_postgres.kill()
    for number in range(3):
        with pytest.raises(NotReady, match="no connection"):
            state.events.append([view(f"e{number}")]).result(5)
    with pytest.raises(NotReady, match="no connection"):
        state.secret("mask")
    own_postgres.start()
    assert state.events.append([view("back")]).result(30).accepted == 1
    assert [row.event_id for row in state.events.recent("u", None)] == ["back"]
    state.close()


def test_a_wrong_password_is_said_without_it(own_postgres: Any, tmp_path: Path) -> None:
    url = own_postgres.url().replace("postgres@", "nobody:secret@")
    with pytest.raises(NotReady) as refused:
        State.open(url, tmp_path)
    assert "nobody" not in str(refused.value).partition("found")[0]
    assert "secret" not in str(refused.value)


def test_the_missing_driver_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(NotReady, match=r"pip install 'mercato\[postgres\]'"):
        State.open("postgresql+psycopg://me@localhost/x", tmp_path)


def _all(url: str, root: Path) -> tuple[EventRow, ...]:
    state = State.open(url, root)
    try:
        return state.events.after(0, 1_000_000).rows
    finally:
        state.close()
