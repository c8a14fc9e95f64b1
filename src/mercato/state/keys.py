"""Keys of the API."""

from sqlalchemy import Engine

from mercato.state.documents import DocumentTable
from mercato.state.tables import keys
from mercato.state.writer import Writer

KIND = "key"
"""Under which changes stand in the log of decisions."""


class KeyTable(DocumentTable):
    """See `DocumentTable`."""

    def __init__(self, writer: Writer, reading: Engine) -> None:
        super().__init__(writer, reading, keys, KIND)
