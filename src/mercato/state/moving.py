"""All rows of a state into another database, as they are at one moment."""

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Connection, Table, func, insert, inspect, select

from mercato.core.errors import ChecksFailed, WrongUse
from mercato.core.progress import Step
from mercato.core.settings_file import write_setting
from mercato.state.databases.choosing import open_database, read_url
from mercato.state.databases.database import Database
from mercato.state.migrations import migrate
from mercato.state.tables import answers, events, item_changes, meta, metadata, writers

_AT_ONCE = 2_000
_FACTS_OF_ITS_OWN = ("format",)
"""Keys of ``meta`` that say something of the database, not of the shop."""


def copy_into(source: str, target: str, root: Path, step: Step) -> Mapping[str, int]:
    """Copy the state at one URL into an empty database at another; how many rows each log had
    been given by then. Others go on writing to the source. ``step`` counts rows.

    Raises WrongUse where the target has rows, ChecksFailed where not all arrived, and what opening
    either raises. The target's rows are committed together, or none is.
    """
    there, here = open_database(read_url(source), root), open_database(read_url(target), root)
    try:
        migrate(there)
        migrate(here)
        with there.snapshot() as reading, here.write() as writing:
            _require_empty(writing, here)
            for table in metadata.sorted_tables:
                if table is not writers:
                    _copy(reading, writing, table, step)
            given = {
                str(table.name): there.given(reading, table)
                for table in metadata.sorted_tables
                if "seq" in table.c and table.c.seq.autoincrement is True
            }
            for name, last in given.items():
                here.give_on(writing, metadata.tables[name], last)
    finally:
        there.close()
        here.close()
    return {str(table.name): given[table.name] for table in (events, answers, item_changes)}


def write_url(file: Path, url: str) -> None:
    """Let ``shop.toml`` name another database, all else as it stands there.

    Raises BadInput where the place is not found; the file is then as it was.
    """
    write_setting(file, "state", "url", url)


def _require_empty(writing: Connection, database: Database) -> None:
    for name in inspect(writing).get_table_names():
        table = metadata.tables.get(name)
        if table is None or table in (meta, writers):
            continue
        if writing.execute(select(table).limit(1)).first() is not None:
            raise WrongUse(
                f"an empty database at {database.place}",
                f"rows in {name}",
                "Make a new database, and name that.",
            )


def _copy(reading: Connection, writing: Connection, table: Table, step: Step) -> None:
    wanted = select(table)
    if table is meta:
        wanted = wanted.where(meta.c.key.not_in(_FACTS_OF_ITS_OWN))
    found = reading.execute(wanted.execution_options(yield_per=_AT_ONCE))
    copied = 0
    for rows in found.mappings().partitions():
        writing.execute(insert(table), [dict(row) for row in rows])
        copied += len(rows)
        step.advance(len(rows))
    arrived = select(func.count()).select_from(wanted.with_only_columns(table.c[0]).subquery())
    if (present := writing.execute(arrived).scalar_one()) != copied:
        raise ChecksFailed(
            f"{copied:,} rows in {table.name}", f"{present:,}", "Copy it again into a new database."
        )
