"""Keeps the pages of other sites from changing the shop through a visitor's browser."""

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

from starlette.requests import Request

from mercato.core.errors import MercatoError


class Forbidden(MercatoError):
    """The request comes from a page that may not send it."""

    status = 403
    title = "Forbidden"


def from_own_pages(allowed: Sequence[str]) -> Callable[[Request], Awaitable[None]]:
    """A dependency of routes that change things; ``allowed`` are origins beside our own.

    A browser names the origin of the page with every request that is no GET; who names none is no
    browser, and carries nobody's rights. Without this any page on the internet could change the
    items of a shop that its reader serves on loopback, where no key is asked for.
    """

    async def check(request: Request) -> None:
        origin = request.headers.get("origin")
        own = origin is None or urlsplit(origin).netloc == request.headers.get("host")
        if not own and origin not in allowed:
            raise Forbidden(
                "a request of this shop's own pages",
                f"one of a page of {origin}",
                "Add the origin to cors_origins under [serve] in shop.toml.",
            )

    return check
