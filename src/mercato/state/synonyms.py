"""Synonyms: those that a person gave, and proposals that a person decides on."""

from mercato.state.databases.database import Database
from mercato.state.documents import DocumentTable
from mercato.state.tables import synonyms
from mercato.state.writer import Writer

KIND = "synonym"
"""Under which changes stand in the log of decisions."""


class SynonymTable(DocumentTable):
    """See `DocumentTable`."""

    def __init__(self, writer: Writer, database: Database) -> None:
        super().__init__(writer, database, synonyms, KIND)
