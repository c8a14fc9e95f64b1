"""Who works in the console, and what each of them may do."""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """Of a person who signs in to the console."""

    VIEWER = "viewer"
    """Looks, and changes nothing."""
    MERCHANDISER = "merchandiser"
    """Decides what shoppers see: rules, synonyms, judgments, products."""
    ANALYST = "analyst"
    """Decides by numbers: experiments, releases, one shopper's history."""
    OWNER = "owner"
    """Everything, people and keys among it."""


class Permission(StrEnum):
    """What a page of the console asks for."""

    LOOK = "look"
    """See pages about the shop, none about one shopper."""
    JUDGE = "judge"
    """Judge search results."""
    RULES = "rules"
    """Change merchandising rules and synonyms."""
    ITEMS = "items"
    """Change products, and mend what stands in quarantine."""
    EXPERIMENTS = "experiments"
    """Begin, widen, stop and end experiments."""
    RELEASES = "releases"
    """Publish a release, begin its canary, roll it back."""
    SHOPPERS = "shoppers"
    """See what one shopper did, under a pseudonym; each look goes on record."""
    AUDIT = "audit"
    """See who read what and who changed what."""
    ERASE = "erase"
    """Erase a shopper, and hand out their data."""
    MANAGE = "manage"
    """Change people, keys and settings."""


_EVERYBODY = frozenset(Role)
_OWNER = frozenset({Role.OWNER})
_MERCHANT = _OWNER | {Role.MERCHANDISER}
_ANALYST = _OWNER | {Role.ANALYST}

ROLES_THAT_MAY: Mapping[Permission, frozenset[Role]] = {
    Permission.LOOK: _EVERYBODY,
    Permission.JUDGE: _MERCHANT | _ANALYST,
    Permission.RULES: _MERCHANT,
    Permission.ITEMS: _MERCHANT,
    Permission.EXPERIMENTS: _ANALYST,
    Permission.RELEASES: _ANALYST,
    Permission.SHOPPERS: _ANALYST,
    Permission.AUDIT: _ANALYST,
    Permission.ERASE: _OWNER,
    Permission.MANAGE: _OWNER,
}
"""The one place that says so; docs/access.md has it as a table."""


def may(role: Role, permission: Permission) -> bool:
    return role in ROLES_THAT_MAY[permission]


def permissions_of(role: Role) -> frozenset[Permission]:
    """All that somebody of a role may do."""
    return frozenset(each for each, roles in ROLES_THAT_MAY.items() if role in roles)
