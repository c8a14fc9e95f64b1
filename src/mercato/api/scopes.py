"""Which addresses ask for which scope of a key."""

from collections.abc import Mapping

from mercato.core.scopes import Scope

SCOPES: Mapping[str, Scope] = {
    "/v1/search": Scope.SEARCH,
    "/v1/suggest": Scope.SEARCH,
    "/v1/recommend": Scope.SEARCH,
    "/1/indexes": Scope.SEARCH,
    "/v1/events": Scope.EVENTS,
    "/1/events": Scope.EVENTS,
    "/v1/items": Scope.ITEMS,
    "/v1": Scope.ADMIN,
    "/1": Scope.ADMIN,
    "/metrics": Scope.ADMIN,
}
"""Of addresses, and of all under them; the first that fits says. No others ask for a key."""


def scope_of(path: str) -> Scope | None:
    """What a key must be for to ask for an address; None: no key is asked for."""
    for prefix, scope in SCOPES.items():
        if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/", ":"):
            return scope
    return None
