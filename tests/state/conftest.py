"""The state on each of its databases."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, make_url

from bench.wire import Wire, wire_to
from mercato.state import EventRow, State


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Of a state of the test's own; a test that takes it runs on both databases."""
    if request.param == "sqlite":
        return "sqlite:///state.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def state(url: str, tmp_path: Path) -> Iterator[State]:
    opened = State.open(url, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def stored(state: State) -> Callable[..., None]:
    """Write lines of events and wait until they are on the disk."""

    def write(*rows: EventRow) -> None:
        state.events.append(rows).result(timeout=30)

    return write


@pytest.fixture
def tampered() -> Callable[..., None]:
    """Change a state behind Mercato's back, as who may take its triggers away first."""

    def run(state: State, statements: str) -> None:
        with state.database.writing.begin() as connection:
            untriggered(connection)
            for statement in filter(str.strip, statements.split(";")):
                connection.exec_driver_sql(statement)

    return run


def untriggered(connection: Connection) -> None:
    told = (
        "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
        if connection.dialect.name == "sqlite"
        else "SELECT DISTINCT tgname, tgrelid::regclass::text FROM pg_trigger "
        "JOIN pg_class ON pg_class.oid = tgrelid "
        "WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace"
    )
    for name, table in connection.exec_driver_sql(told).all():
        on = "" if connection.dialect.name == "sqlite" else f" ON {table}"
        connection.exec_driver_sql(f"DROP TRIGGER {name}{on}")


@pytest.fixture
def wire(postgres_server: Any) -> Iterator[Wire]:
    """To the server of the tests."""
    with wire_to(postgres_server.port) as made:
        yield made


@pytest.fixture
def wired(postgres_url: str, wire: Wire, tmp_path: Path) -> Iterator[State]:
    """A state on PostgreSQL at the other end of the wire."""
    url = make_url(postgres_url).set(port=wire.port)
    opened = State.open(url.render_as_string(hide_password=False), tmp_path)
    yield opened
    wire.stopped.clear()
    opened.close()
