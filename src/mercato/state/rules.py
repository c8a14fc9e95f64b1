"""Merchandising rules."""

from mercato.state.databases.database import Database
from mercato.state.documents import DocumentChange as RuleChange
from mercato.state.documents import DocumentTable, Wanted
from mercato.state.documents import StoredDocument as StoredRule
from mercato.state.tables import rules
from mercato.state.writer import Writer

__all__ = ["KIND", "RuleChange", "RuleTable", "StoredRule", "Wanted"]

KIND = "rule"
"""Under which changes stand in the log of decisions."""


class RuleTable(DocumentTable):
    """See `DocumentTable`."""

    def __init__(self, writer: Writer, database: Database) -> None:
        super().__init__(writer, database, rules, KIND)
