"""The console as one ASGI application: which address is which page."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mercato.shop.opened import Shop
from mercato.web.console.access import access_routes, guards
from mercato.web.console.answering import DRAWN, TWIN, Answering
from mercato.web.console.asked import ROOT
from mercato.web.console.registry import ENTRIES, FORMS

_COMPRESSED_FROM_BYTES = 1_000


def create_console(shop: Shop) -> Starlette:
    """The console of a shop; mount it under `asked.ROOT`, before the storefront."""
    answering = Answering(shop, ENTRIES)
    return Starlette(
        routes=routes(answering),
        middleware=[
            Middleware(GZipMiddleware, minimum_size=_COMPRESSED_FROM_BYTES, compresslevel=5),
            *guards(shop, answering.refused),
        ],
        exception_handlers=answering.handlers,
    )


def routes(answering: Answering) -> Sequence[Route]:
    """Under `asked.ROOT`, which a mounted application does not see."""
    found = [Route("/", first), *access_routes(answering.shop)]
    for form in FORMS:
        found.append(Route(_below(form.path), answering.form(form), methods=["POST"]))
    for entry in answering.entries:
        endpoint = answering.page(entry)
        path = _below(entry.path)
        found += [Route(path + ending, endpoint) for ending in ("", TWIN, DRAWN)]
    return found


async def first(request: Request) -> Response:
    """The address of the console itself leads to its first page."""
    return RedirectResponse(ENTRIES[0].path, status_code=307)


def _below(path: str) -> str:
    return path.removeprefix(ROOT)
