"""Keys of the API."""

from mercato.state.databases.database import Database
from mercato.state.documents import DocumentTable
from mercato.state.tables import keys
from mercato.state.writer import Writer

KIND = "key"
"""Under which changes stand in the log of decisions."""


class KeyTable(DocumentTable):
    """See `DocumentTable`."""

    def __init__(self, writer: Writer, database: Database) -> None:
        super().__init__(writer, database, keys, KIND)
