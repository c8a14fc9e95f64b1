"""A change of an item while the shop is being served, as it stands in the log of changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Change(StrEnum):
    PUT = "put"
    """The whole item, new or replaced."""
    PATCH = "patch"
    """Some fields of an item that exists; a field with None is emptied."""
    DELETE = "delete"
    """The item is withdrawn."""
    ENCODE = "encode"
    """The item's text has its vector now; nothing where it has another text meanwhile."""


ENCODED_TEXT = "text"
"""The one field of Change.ENCODE: what the vector was made of."""


@dataclass(frozen=True)
class ItemChange:
    """One line of the log; every worker applies the lines in the order of ``seq``."""

    seq: int
    change: Change
    item_id: str
    fields: Mapping[str, Any]
    """Canonical item columns; empty for a deletion."""
    vector: bytes | None = None
    """int8 text vector of the item after the change; None where its text did not change."""
