"""Writes the next step of the state's tables: what lies between the newest and `state.tables`.

    python scripts/migration.py "What the step is for"

Change `state.tables` first, with FORMAT one higher. Read what is written: Alembic finds tables,
columns, indexes and types, not where rows must be changed.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from mercato.state.migrations import FOLDER
from mercato.state.tables import FORMAT


def main(message: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("file_template", "format_%%(rev)s")
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{Path(folder) / 'state.db'}")
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
            command.revision(config, message, autogenerate=True, rev_id=str(FORMAT))
        engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1])
