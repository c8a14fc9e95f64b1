"""What the promise "202 means it is on the disk" stands on."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url

from mercato.core.errors import BadInput, NotReady
from mercato.state import EventRow, State
from mercato.state.databases.sqlite import open_sqlite

URL = "sqlite:///state.db"
FULL = 2  # https://www.sqlite.org/pragma.html#pragma_synchronous


def test_every_connection_writes_ahead_and_flushes_fully(tmp_path: Path) -> None:
    database = open_sqlite(make_url(URL), tmp_path)
    for engine in (database.writing, database.reading):
        held = [engine.raw_connection() for _ in range(2)]  # two, so that none is handed out again
        for connection in held:
            read = {
                name: connection.cursor().execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous", "busy_timeout")
            }
            assert read == {"journal_mode": "wal", "synchronous": FULL, "busy_timeout": 5000}
        for connection in held:
            connection.close()
        engine.dispose()


def test_the_state_reads_and_writes_through_those_connections(tmp_path: Path) -> None:
    state = State.open(URL, tmp_path)
    for opened in (state.database.write, state.database.read):
        with opened() as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == FULL
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    state.close()


def test_an_acknowledged_event_outlives_a_killed_process(url: str, tmp_path: Path) -> None:
    program = f"""
import os
from pathlib import Path
from mercato.state import EventRow, State
state = State.open({url!r}, Path({str(tmp_path)!r}))
state.events.append([EventRow("e1", 0, 1, "view_item", "u1")]).result()
os.kill(os.getpid(), 9)
"""
    died = subprocess.run([sys.executable, "-c", program], timeout=60)
    assert died.returncode == -9
    state = State.open(url, tmp_path)
    assert [row.event_id for row in state.events.recent("u1", None)] == ["e1"]
    state.close()


def test_close_writes_what_waits(url: str, tmp_path: Path) -> None:
    state = State.open(url, tmp_path)
    waiting = [
        state.events.append([EventRow(f"e{n}", 0, n, "view_item", "u1")]) for n in range(100)
    ]
    state.close()
    assert all(future.result(0).accepted == 1 for future in waiting)
    with pytest.raises(NotReady, match="open state"):
        state.events.append([EventRow("late", 0, 0, "view_item")])


def test_a_relative_path_is_taken_from_the_shop(tmp_path: Path) -> None:
    State.open("sqlite:///inner.db", tmp_path).close()
    assert (tmp_path / "inner.db").is_file()


@pytest.mark.parametrize(
    "named",
    [
        "nonsense",
        "mysql://me:secret@localhost/x",
        "sqlite://",
        "postgresql://me:secret@localhost/x",
        "postgresql+psycopg://me:secret@localhost",
        "postgresql+psycopg://me:secret@localhost:what/x",
    ],
)
def test_another_url_is_refused_and_its_password_not_told(tmp_path: Path, named: str) -> None:
    with pytest.raises(BadInput, match=r"\[state\] url") as refused:
        State.open(named, tmp_path)
    assert "secret" not in str(refused.value)


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="folder exists"):
        State.open(URL, tmp_path / "nowhere")


def test_a_state_of_another_format_is_left_alone(state: State, url: str, tmp_path: Path) -> None:
    state.set("format", "99")
    with pytest.raises(NotReady, match="format 99"):
        State.open(url, tmp_path)


def test_many_processes_may_open_a_new_state_at_once(url: str, tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from mercato.state import EventRow, State
state = State.open({url!r}, Path({str(tmp_path)!r}))
me = sys.argv[1]
for n in range(20):
    state.events.append([EventRow(f"{{me}}-{{n}}", 0, n, "view_item", "u1")]).result()
state.close()
"""
    running = [subprocess.Popen([sys.executable, "-c", program, str(n)]) for n in range(6)]
    assert [process.wait(timeout=120) for process in running] == [0] * 6
    state = State.open(url, tmp_path)
    assert len(state.events.recent("u1", None, limit=1000)) == 6 * 20
    state.close()
