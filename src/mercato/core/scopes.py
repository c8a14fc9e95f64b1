"""What a key may be used for."""

from enum import StrEnum


class Scope(StrEnum):
    SEARCH = "search"
    """Search, suggestions and shelves: what a shop's pages ask for."""
    EVENTS = "events"
    """Send what shoppers did."""
    ITEMS = "items"
    """Change the catalogue."""
    ADMIN = "admin"
    """Everything, rules, synonyms, explanations and metrics among it."""
