"""What reaches no route: 405 with the methods that would do, 404 for the rest under ``/v1``."""

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send


class _Refuse:
    """Takes every method, as only an application does that is no function."""

    def __init__(self, known: list[Route]) -> None:
        self.known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        matches = [(route.matches(scope)[0], route) for route in self.known]
        allowed = {
            method
            for match, route in matches
            if match is Match.PARTIAL
            for method in route.methods or ()
        }
        if allowed:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(allowed))})
        raise HTTPException(404)


def refuse_unknown(app: FastAPI) -> None:
    """Add the last routes; call it when all others are there.

    They keep an application that is mounted at the root from answering for the API.
    """
    known = [route for route in app.routes if isinstance(route, Route)]
    paths = {route.path for route in known if not route.path.startswith("/v1/")}
    refuse = _Refuse(known)
    for path in (*sorted(paths), "/v1", "/v1/{rest:path}"):
        app.router.routes.append(Route(path, refuse, include_in_schema=False))
