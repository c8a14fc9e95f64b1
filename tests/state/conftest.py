"""The state on each of its databases."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

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
    """Change a state behind Mercato's back."""

    def run(state: State, statements: str) -> None:
        with state.database.writing.begin() as connection:
            for statement in filter(str.strip, statements.split(";")):
                connection.exec_driver_sql(statement)

    return run


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
