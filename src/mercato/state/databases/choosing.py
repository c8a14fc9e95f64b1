"""Which database ``[state] url`` names."""

import importlib.util
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from mercato.core.errors import BadInput, NotReady
from mercato.state.databases.database import Database
from mercato.state.databases.sqlite import open_sqlite

POSTGRES = "postgresql+psycopg"

_REMEDY = (
    f'Write url = "sqlite:///state.db", or "{POSTGRES}://user:password@host/database" '
    "(docs/postgresql.md)."
)


def read_url(text: str) -> URL:
    """The URL of a state. Raises BadInput where it is of neither database.

    No part of the text is said again but what comes before its first colon: there may be a
    password in it.
    """
    kind = text.partition(":")[0]
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise BadInput("a database URL in [state] url", f"{kind!r}: …", _REMEDY) from None
    is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    if not is_file and (url.drivername != POSTGRES or not url.database):
        raise BadInput(
            "a SQLite file or a PostgreSQL database in [state] url", f"{kind!r}: …", _REMEDY
        )
    return url


def is_file(url: URL) -> bool:
    """Whether the state is a file of the shop's own."""
    return url.get_backend_name() == "sqlite"


def open_database(url: URL, root: Path) -> Database:
    """The database, not yet asked for anything; a relative path is taken from ``root``.

    Raises NotReady where the driver is not installed.
    """
    if is_file(url):
        return open_sqlite(url, root)
    if importlib.util.find_spec("psycopg") is None:
        raise NotReady("the driver of PostgreSQL", "no psycopg", "pip install 'mercato[postgres]'")
    # Imported late: most shops do without.
    from mercato.state.databases.postgres import open_postgres

    return open_postgres(url)
