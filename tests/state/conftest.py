from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mercato.state import EventRow, State


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State.open("sqlite:///state.db", tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def stored(state: State) -> Callable[..., None]:
    """Write lines of events and wait until they are on the disk."""

    def write(*rows: EventRow) -> None:
        state.events.append(rows).result(timeout=30)

    return write
