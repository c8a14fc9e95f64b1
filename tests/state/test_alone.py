"""A work of the shop that one process at a time does, on whichever host."""

from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from mercato.state import State, alone


def test_one_at_a_time_does_a_work(state: State, url: str, tmp_path: Path) -> None:
    with state.alone("digging") as ours:
        assert ours
        with alone(url, tmp_path, "digging") as theirs, alone(url, tmp_path, "filling") as other:
            assert not theirs
            assert other
        with state.alone("digging") as again:  # nor another thread of the same process
            assert not again
    with alone(url, tmp_path, "digging") as theirs:
        assert theirs


def test_whose_connection_broke_does_it_no_more(
    postgres_url: str, postgres_server: Any, tmp_path: Path
) -> None:
    first, second = State.open(postgres_url, tmp_path), State.open(postgres_url, tmp_path)
    with first.alone("digging") as ours:
        assert ours
        (locked,) = postgres_server.run(
            "SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database "
            f"WHERE locktype = 'advisory' AND datname = '{make_url(postgres_url).database}'"
        )
        postgres_server.run(f"SELECT pg_terminate_backend({locked[0]}, 5000)")
        with second.alone("digging") as theirs:
            assert theirs
    with first.alone("digging") as ours:  # its pool has no connection that is dead
        assert ours
    first.close()
    second.close()


def test_the_server_soon_notices_that_a_host_vanished(postgres_url: str, tmp_path: Path) -> None:
    state = State.open(postgres_url, tmp_path)
    with state.database.write() as connection:
        held = connection.connection.driver_connection
        assert isinstance(held, psycopg.Connection)
        told = [
            held.execute(f"SHOW tcp_keepalives_{name}").fetchone()
            for name in ("idle", "interval", "count")
        ]
    assert told == [("5",), ("2",), ("3",)]
    state.close()
