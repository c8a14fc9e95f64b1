"""Who may see what: a label for every asset, and what a mask makes of each personal column."""

from enum import StrEnum


class Sensitivity(StrEnum):
    """How far an asset may go."""

    PUBLIC = "public"
    """What every visitor of the shop sees."""
    INTERNAL = "internal"
    """The shop's own figures; nobody can be told from them."""
    PERSONAL = "personal"
    """Rows or cells that belong to one person."""


class Masking(StrEnum):
    """What a mask makes of a personal column."""

    PSEUDONYM = "pseudonym"
    """A keyed hash: the same person stays the same, in every column and every export."""
    DROPPED = "dropped"
    """Null: free text, in which a person may stand in any words."""
