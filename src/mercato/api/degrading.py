"""What a busy server leaves out is told in a header; what it cannot answer is refused early."""

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mercato.api.algolia import ALGOLIA, algolia_error
from mercato.api.metrics import Metrics
from mercato.api.problems import answer_error, come_back
from mercato.api.scopes import scope_of
from mercato.core.errors import Overloaded
from mercato.core.scopes import Scope as KeyScope
from mercato.shop.opened import Shop
from mercato.shop.overload.levels import Turn, begin_turn

HEADER = "Mercato-Degraded"

_NO_WORK = ("/healthz", "/readyz", "/openapi.json", "/docs", "/static/", "/mercato.js")
"""Addresses without a key that take next to nothing."""


class TellDegraded:
    """ASGI middleware around everything that is answered in its turn.

    A request without a body is refused here, before anything is read of it, where it would be
    refused anyway: that costs a tenth of an answer.
    """

    def __init__(self, app: ASGIApp, shop: Shop, metrics: Metrics) -> None:
        self.app = app
        self.turns = shop.overload.turns
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self.turns.full and _takes_a_turn(scope):
            await _refused(scope["path"], self.turns.refusal())(scope, receive, send)
            return
        turn = begin_turn()
        await self.app(scope, receive, self._telling(turn, send))
        for part in turn.told():
            self.metrics.degraded.labels(part).inc()

    def _telling(self, turn: Turn, send: Send) -> Send:
        async def telling(message: Message) -> None:
            if turn.left_out and message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = ", ".join(turn.told())
            await send(message)

        return telling


def _takes_a_turn(scope: Scope) -> bool:
    path, wanted = scope["path"], scope_of(scope["path"])
    if scope["method"] not in ("GET", "HEAD"):
        return False
    return wanted is KeyScope.SEARCH or (wanted is None and not path.startswith(_NO_WORK))


def _refused(path: str, error: Overloaded) -> Response:
    if path.startswith(f"{ALGOLIA}/"):
        return algolia_error(error)
    if scope_of(path) is None:
        said = f"{error.title}. {error.remedy}\n"
        return PlainTextResponse(said, error.status, come_back(error))
    return answer_error(error)
