"""Which addresses ask for which scope of a key."""

from collections.abc import Mapping

from mercato.api.dialects.addresses import GA4, GA4_DEBUG, RETAIL, SEGMENT, UBI, UBI_BULK
from mercato.core.scopes import Scope

SCOPES: Mapping[str, Scope] = {
    "/v1/search": Scope.SEARCH,
    "/v1/suggest": Scope.SEARCH,
    "/v1/recommend": Scope.SEARCH,
    "/1/indexes": Scope.SEARCH,
    "/v1/events": Scope.EVENTS,
    "/1/events": Scope.EVENTS,
    **dict.fromkeys((GA4, GA4_DEBUG, *SEGMENT, RETAIL, *UBI, UBI_BULK), Scope.EVENTS),
    "/v1/items": Scope.ITEMS,
    "/v1": Scope.ADMIN,
    "/1": Scope.ADMIN,
    "/metrics": Scope.ADMIN,
}
"""Of addresses, and of all under them; the first that fits says. No others ask for a key."""


def scope_of(path: str) -> Scope | None:
    """What a key must be for to ask for an address; None: no key is asked for."""
    for prefix, scope in SCOPES.items():
        if is_under(path, prefix):
            return scope
    return None


def is_under(path: str, prefix: str) -> bool:
    return path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/", ":")
