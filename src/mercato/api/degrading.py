"""What a busy server left out of an answer is told in its header, and counted."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mercato.api.metrics import Metrics
from mercato.shop.overload.levels import Turn, begin_turn

HEADER = "Mercato-Degraded"


class TellDegraded:
    """ASGI middleware around everything that is answered in its turn."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        turn = begin_turn()
        await self.app(scope, receive, _telling(turn, send))
        for part in turn.told():
            self.metrics.degraded.labels(part).inc()


def _telling(turn: Turn, send: Send) -> Send:
    async def telling(message: Message) -> None:
        if turn.left_out and message["type"] == "http.response.start":
            MutableHeaders(scope=message)[HEADER] = ", ".join(turn.told())
        await send(message)

    return telling
