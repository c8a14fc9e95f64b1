"""Refuses at the door what would be refused anyway, at a tenth of an answer's cost."""

from starlette.types import ASGIApp, Receive, Scope, Send

from mercato.api.algolia import ALGOLIA, algolia_error
from mercato.api.dialects.addresses import GA4_DEBUG
from mercato.api.doorways import doorway_at
from mercato.api.problems import answer_error, come_back
from mercato.api.scopes import scope_of
from mercato.core.errors import Overloaded
from mercato.core.scopes import Scope as KeyScope
from mercato.shop.opened import Shop

_NO_WORK = ("/healthz", "/readyz", "/openapi.json", "/docs", "/static/", "/mercato.js")
"""Addresses without a key that take next to nothing."""

_Headers = list[tuple[bytes, bytes]]


class RefuseEarly:
    """ASGI middleware that answers 429 to events while too many rows wait to be written, and to
    searches and pages while there is no turn to be had.

    Of a search with a body that is found out once it was read. What is said to searches was made
    when the server started: whoever sends three times what can be answered costs this twice as
    often as an answer.
    """

    def __init__(self, app: ASGIApp, shop: Shop) -> None:
        self.app = app
        self.turns = shop.overload.turns
        self.writer = shop.state.writer
        self._said = {path: _said(path, self.turns.refusal()) for path in ("/v1", ALGOLIA, "/")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.writer.full and scope["type"] == "http" and _is_written(scope):
            refuse = doorway_at(scope["path"]).refusal
            await refuse(self.writer.refusal(), {})(scope, receive, send)
            return
        if not self.turns.full or scope["type"] != "http" or not _takes_a_turn(scope):
            await self.app(scope, receive, send)
            return
        self.turns.refused += 1
        path = scope["path"]
        kind = "/v1" if path.startswith("/v1/") else ALGOLIA if path.startswith("/1/") else "/"
        headers, body = self._said[kind]
        await send({"type": "http.response.start", "status": Overloaded.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _is_written(scope: Scope) -> bool:
    """Whether it brings events that are kept. A browser's question before it sends is answered."""
    path = scope["path"]
    return scope["method"] != "OPTIONS" and scope_of(path) is KeyScope.EVENTS and path != GA4_DEBUG


def _takes_a_turn(scope: Scope) -> bool:
    if scope["method"] not in ("GET", "HEAD"):
        return False
    path = scope["path"]
    wanted = scope_of(path)
    return wanted is KeyScope.SEARCH or (wanted is None and not path.startswith(_NO_WORK))


def _said(path: str, error: Overloaded) -> tuple[_Headers, bytes]:
    if path == ALGOLIA:
        answer = algolia_error(error)
        return answer.raw_headers, bytes(answer.body)
    if path == "/v1":
        problem = answer_error(error)
        return problem.raw_headers, bytes(problem.body)
    said = f"{error.title}. {error.remedy}\n".encode()
    later = [(name.lower().encode(), value.encode()) for name, value in come_back(error).items()]
    kind = (b"content-type", b"text/plain; charset=utf-8")
    return [kind, (b"content-length", str(len(said)).encode()), *later], said
