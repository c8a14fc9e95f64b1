"""Bodies in flight stay within a budget: what would go beyond it is refused before it is read.

A body is in memory from its first byte until its request is answered, and what its JSON becomes
takes several times as much: without a bound, many large ones at once take all the memory there is.
"""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mercato.api.bodies import MOST_BYTES
from mercato.api.doorways import doorway_at
from mercato.core.errors import Overloaded

MOST_HELD = 64 * 1024 * 1024
"""Bytes of bodies that a process holds at most: eight of the largest. Assumed."""

SMALL = 256 * 1024
"""Bytes. A batch of 1,000 usual events is about as long."""

LARGE_SHARE = 0.75
"""What bodies that are not small may take of the budget, so that those that come slowly keep no
small one out."""


class Budget:
    """Bytes of bodies; of one event loop. held : announced or read, of requests in flight"""

    def __init__(self, most: int = MOST_HELD) -> None:
        self.most = most
        self.held = 0

    def take(self, size: int, length: int) -> None:
        """Hold ``size`` bytes more, of a body of ``length`` as far as known. Raises Overloaded."""
        most = self.most if length <= SMALL else int(self.most * LARGE_SHARE)
        if self.held + size > most:
            raise Overloaded(
                f"at most {most:,} bytes of bodies at the same time",
                f"{self.held:,} in flight and {size:,} more",
                "Send the request again in a second, or in several smaller ones.",
            )
        self.held += size

    def give_back(self, size: int) -> None:
        self.held -= size


class HoldBodies:
    """ASGI middleware that answers 429 to a body that is announced where the budget has no room
    for it, and lets whoever reads one of unknown length meet Overloaded where it ends.

    A body that announces more than any route reads counts by what is read of it.
    """

    def __init__(self, app: ASGIApp, budget: Budget | None = None) -> None:
        self.app = app
        self.budget = budget or Budget()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _Body(self.budget, receive)
        try:
            try:
                body.announce(_announced(scope))
            except Overloaded as error:
                await doorway_at(scope["path"]).refusal(error, {})(scope, receive, send)
                return
            await self.app(scope, body.receive, send)
        finally:
            self.budget.give_back(body.held)


class _Body:
    """held, read : bytes"""

    def __init__(self, budget: Budget, receive: Receive) -> None:
        self._budget = budget
        self._receive = receive
        self.held = 0
        self.read = 0

    def announce(self, length: int) -> None:
        self._hold(length, length)

    async def receive(self) -> Message:
        message = await self._receive()
        self.read += len(message.get("body", b""))
        if self.read > self.held:
            self._hold(self.read - self.held, self.read)
        return message

    def _hold(self, size: int, length: int) -> None:
        self._budget.take(size, length)
        self.held += size


def _announced(scope: Scope) -> int:
    """Bytes that a request says it sends, as far as any route would read them."""
    said = Headers(scope=scope).get("content-length", "0")
    length = int(said) if said.isdecimal() and len(said) < 20 else 0
    return length if length <= MOST_BYTES else 0
