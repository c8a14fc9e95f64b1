"""Keys that stand in a body are looked at by the route that reads it."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.types import Scope

_OPEN = "mercato.open"

Open = Callable[[str | None], object]
"""Raises what a key raises that does not open, or that is missing."""


def leave_open(scope: Scope, opening: Open) -> None:
    """Let the route decide: it must call `open_with` before it does anything."""
    scope[_OPEN] = opening


def open_with(request: Request, key: str | None) -> None:
    """Look at the key of a body where none stood in the head, and one is needed."""
    opening: Open | None = request.scope.get(_OPEN)
    if opening is not None:
        opening(key)
