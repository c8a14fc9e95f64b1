"""How the tables became what they are: one history for both databases, a step a format.

A change of `state.tables` comes with its step, which `python scripts/migration.py` writes; a test
fails where the steps do not lead to the tables.
"""

import time
from pathlib import Path

from sqlalchemy import Connection, inspect, select

from mercato.core.errors import NotReady
from mercato.state.databases.database import Busy, Database
from mercato.state.tables import FORMAT, meta

FOLDER = Path(__file__).parent

_KEY = "format"

WAIT_SECONDS = 120.0
"""So long replicas that start together wait for the one of them that changes the tables."""


def migrate(database: Database) -> None:
    """Make the tables, or bring older ones to this format in one transaction; others that want
    the same wait for it, and find it done.

    Raises NotReady where the tables are of a newer format.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        with database.read() as connection:
            if found_format(connection) == FORMAT:
                return
        database.check()
        try:
            _bring_up(database)
            return
        except Busy:
            if time.monotonic() > deadline:
                raise


def _bring_up(database: Database) -> None:
    with database.write() as connection:
        found = found_format(connection)
        if found > FORMAT:
            raise NotReady(
                f"a state of format {FORMAT}",
                f"format {found}",
                "Use the Mercato that made it, or a newer one: pip install -U mercato.",
            )
        if found < FORMAT:
            _upgrade(connection)
            _note(connection, database)


def found_format(connection: Connection) -> int:
    """The format of the tables that are there; 0 where there are none."""
    if not inspect(connection).has_table(meta.name):
        return 0
    found = connection.execute(select(meta.c.value).where(meta.c.key == _KEY)).scalar()
    return int(found or 0)


def _upgrade(connection: Connection) -> None:
    # Imported late: a state is opened often and migrated seldom.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _note(connection: Connection, database: Database) -> None:
    fresh = database.insert(meta).values(key=_KEY, value=str(FORMAT))
    known = fresh.on_conflict_do_update(
        index_elements=[meta.c.key], set_={"value": fresh.excluded.value}
    )
    connection.execute(known)
