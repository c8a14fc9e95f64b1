"""A copy of the state as it is at one moment, while others go on writing."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from mercato.core.errors import BadInput, ChecksFailed
from mercato.core.progress import Step
from mercato.state.databases.choosing import read_url
from mercato.state.tables import answers, events, item_changes

_PAGES_AT_ONCE = 2_048
_SECONDS = 30.0


def state_file(url: str, root: Path) -> Path:
    """Where the state of the shop in ``root`` lies. Raises BadInput where that is outside."""
    file = root / str(read_url(url).database)
    if not file.resolve().is_relative_to(root.resolve()):
        raise BadInput(
            f"a state inside {root}", str(file), 'Write url = "sqlite:///state.db" in shop.toml.'
        )
    return file


def copy_state(source: Path, target: Path, step: Step) -> Mapping[str, int]:
    """Copy the database into a new file; how many rows each log had been given by then.

    One transaction reads it all (https://www.sqlite.org/backup.html): in a write-ahead log it
    sees one moment and stops nobody. ``step`` counts pages.
    """
    with _connected(source) as there, closing(sqlite3.connect(target)) as copy:
        there.execute("BEGIN")
        given = dict(there.execute("SELECT name, seq FROM sqlite_sequence"))
        done = 0

        def advance(_status: int, left: int, total: int) -> None:
            nonlocal done
            step.advance(total - left - done)
            done = total - left

        there.backup(copy, pages=_PAGES_AT_ONCE, progress=advance)
        there.execute("COMMIT")
    return {str(table.name): given.get(table.name, 0) for table in (events, answers, item_changes)}


def check_database(file: Path) -> None:
    """Raises ChecksFailed where the file is no whole SQLite database."""
    found: str
    try:
        with _connected(file) as database:
            (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise ChecksFailed(f"a whole database at {file}", found, "Take another backup.")


def is_in_use(file: Path) -> bool:
    """Whether some process has the database open: only then it cannot leave its write-ahead log
    (https://www.sqlite.org/wal.html, section 5)."""
    with _connected(file, seconds=0.0) as database:
        try:
            database.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError:
            return True
    return False


@contextmanager
def _connected(file: Path, seconds: float = _SECONDS) -> Iterator[sqlite3.Connection]:
    uri = f"{file.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=seconds)
    with closing(connection):
        yield connection
