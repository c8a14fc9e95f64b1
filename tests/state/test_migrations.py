"""Old tables become new ones in place, and the steps lead to what the tables say."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect

from mercato.core.changes import Change, ItemChange
from mercato.state import EventRow, State
from mercato.state.databases import postgres
from mercato.state.tables import FORMAT, metadata

FIRST = """
CREATE TABLE events (seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, event_id VARCHAR NOT NULL,
    line INTEGER NOT NULL, ts BIGINT NOT NULL, event VARCHAR NOT NULL, user_id VARCHAR,
    visitor_id VARCHAR, session_id VARCHAR, item_id VARCHAR, quantity FLOAT, price FLOAT,
    currency VARCHAR, value FLOAT, search_term VARCHAR, query_id VARCHAR, placement VARCHAR,
    position INTEGER, coupon VARCHAR, transaction_id VARCHAR, channel VARCHAR, attributes TEXT,
    UNIQUE (event_id, line));
CREATE INDEX events_of_guest ON events (visitor_id, seq) WHERE user_id IS NULL;
CREATE INDEX events_of_user ON events (user_id, seq) WHERE user_id IS NOT NULL;
CREATE TABLE links (visitor_id VARCHAR NOT NULL, user_id VARCHAR NOT NULL, ts BIGINT NOT NULL,
    PRIMARY KEY (visitor_id));
CREATE INDEX ix_links_user_id ON links (user_id);
CREATE TABLE answers (seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, query_id VARCHAR NOT NULL,
    ts BIGINT NOT NULL, kind VARCHAR NOT NULL, placement VARCHAR, request TEXT NOT NULL,
    release BIGINT NOT NULL, variant VARCHAR, user_id VARCHAR, visitor_id VARCHAR,
    session_id VARCHAR, item_ids TEXT NOT NULL, positions TEXT NOT NULL, scores TEXT NOT NULL,
    propensities TEXT NOT NULL, UNIQUE (query_id));
CREATE TABLE item_changes (seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, ts BIGINT NOT NULL,
    change VARCHAR NOT NULL, item_id VARCHAR NOT NULL, fields TEXT NOT NULL, vector BLOB);
CREATE TABLE meta ("key" VARCHAR NOT NULL, value VARCHAR NOT NULL, PRIMARY KEY ("key"));
INSERT INTO meta VALUES ('format', '1'), ('mine', 'kept');
INSERT INTO events (seq, event_id, line, ts, event, user_id) VALUES (7, 'e', 0, 5, 'search', 'u');
INSERT INTO item_changes (ts, change, item_id, fields) VALUES (5, 'put', 'a', '{"title":"A"}');
"""
"""The schema of the first Mercato's ``state.db``, as SQLite tells it, with a row in each kind."""


def difference(connection: Connection) -> list[object]:
    """What Alembic would have to do yet."""
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def test_the_steps_lead_to_the_tables(state: State) -> None:
    with state.database.read() as connection:
        assert difference(connection) == []
        assert state.get("format") == str(FORMAT)


def test_a_table_that_no_step_makes_would_be_found(state: State) -> None:
    with state.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE links DROP COLUMN ts")
        assert len(difference(connection)) == 1


def test_the_first_format_is_brought_up_in_place(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "state.db") as old:
        old.executescript(FIRST)
    old.close()
    state = State.open("sqlite:///state.db", tmp_path)
    with state.database.read() as connection:
        assert difference(connection) == []
    assert [row.event_id for row in state.events.recent("u", None)] == ["e"]
    assert state.items.since(0) == [ItemChange(1, Change.PUT, "a", {"title": "A"}, None)]
    assert state.get("mine") == "kept"
    state.events.append([EventRow("f", 0, 6, "search", "u")]).result(30)
    assert state.events.after(7, 10).last == 8, "numbers go on"
    state.close()


def test_a_step_that_fails_leaves_everything_as_it_was(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = State.open(url, tmp_path)
    with state.database.write() as connection:
        metadata.drop_all(connection)
        connection.exec_driver_sql("DROP TABLE alembic_version")
    monkeypatch.setattr("mercato.state.migrations._note", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        State.open(url, tmp_path)
    with state.database.read() as connection:
        assert inspect(connection).get_table_names() == []
    state.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_several_processes_make_the_tables_once(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = "sqlite:///state.db"
    if kind == "postgresql":
        server = request.getfixturevalue("postgres_server")
        server.run("CREATE DATABASE empty")
        url = server.url("empty")
    program = f"""
from pathlib import Path
from mercato.state import State
State.open({url!r}, Path({str(tmp_path)!r})).close()
"""
    running = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(4)]
    assert [process.wait(timeout=120) for process in running] == [0] * 4


def test_replicas_that_start_together_wait_for_the_one_that_changes_tables(
    postgres_url: str,
    tmp_path: Path,
    tampered: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(postgres._OF_SESSION, "lock_timeout", "50")  # milliseconds
    first = State.open(postgres_url, tmp_path)
    tampered(
        first,
        "DROP TABLE consents; UPDATE meta SET value = '7' WHERE key = 'format';"
        "UPDATE alembic_version SET version_num = '7'",
    )
    with ThreadPoolExecutor() as pool:
        with first.database.write():  # at work, for longer than a lock is waited for
            opening = pool.submit(State.open, postgres_url, tmp_path)
            time.sleep(0.3)
            assert not opening.done()
        second = opening.result(timeout=30)
    assert second.consents.denied() == []
    first.close()
    second.close()
