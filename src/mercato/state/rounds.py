"""Rounds of learning from feedback."""

from mercato.state.databases.database import Database
from mercato.state.documents import DocumentTable
from mercato.state.tables import rounds
from mercato.state.writer import Writer

KIND = "learning round"
"""Under which changes stand in the log of decisions."""


class RoundTable(DocumentTable):
    """See `DocumentTable`."""

    def __init__(self, writer: Writer, database: Database) -> None:
        super().__init__(writer, database, rounds, KIND)
