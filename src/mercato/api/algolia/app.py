"""The dialect as one ASGI application, with errors in Algolia's shape."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request

from mercato.api.algolia.routes import routes
from mercato.api.algolia.searching import Searching
from mercato.api.answers import JSONAnswer
from mercato.api.metrics import Metrics
from mercato.api.problems import come_back
from mercato.core.errors import MercatoError
from mercato.shop.opened import Shop


def create_algolia(shop: Shop, metrics: Metrics) -> Starlette:
    """Mount it at `PREFIX`."""
    return Starlette(
        routes=routes(Searching(shop), metrics),
        exception_handlers={
            MercatoError: _of_ours,
            HTTPException: _of_http,
            Exception: _of_the_unexpected,
        },
    )


def algolia_error(error: MercatoError, headers: dict[str, str] | None = None) -> JSONAnswer:
    return _error(str(error), error.status, come_back(error, headers))


async def _of_ours(request: Request, error: Exception) -> JSONAnswer:
    assert isinstance(error, MercatoError)
    return algolia_error(error)


async def _of_http(request: Request, error: Exception) -> JSONAnswer:
    """What the framework refuses: an unknown address, another method."""
    assert isinstance(error, HTTPException)
    said = f"{error.detail}: {request.method} {request.url.path}"
    return _error(said, error.status_code, dict(error.headers or {}))


async def _of_the_unexpected(request: Request, error: Exception) -> JSONAnswer:
    """The server logs the error itself once this is sent."""
    return _error("An error of the server's own; its log says more.", 500)


def _error(message: str, status: int, headers: dict[str, str] | None = None) -> JSONAnswer:
    return JSONAnswer({"message": message, "status": status}, status, headers)
