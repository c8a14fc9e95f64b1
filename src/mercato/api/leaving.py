"""A server that is told to stop goes on answering for a while, and says that it leaves.

A balancer learns from ``/readyz`` that no more is to be sent; until then requests come, and all are
answered. Connections that balancers keep open are closed by answers that say so, since one that
is closed while it is idle may just be given a request. Only then the server ends.
"""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import FrameType

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Leaving:
    """Of one process.

    seconds : between SIGTERM and the end; 0: it ends at once
    begun   : whether SIGTERM has come
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.begun = False

    @asynccontextmanager
    async def heeded(self) -> AsyncIterator[None]:
        """Meanwhile SIGTERM is told to the server, which ends at it, ``seconds`` later.

        Ctrl-C ends it at once, and so does a second SIGTERM.
        """
        # Only a main thread has signals; elsewhere nobody sends this process any.
        if not self.seconds or threading.current_thread() is not threading.main_thread():
            yield
            return
        loop, ending = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

        def end(number: int, frame: FrameType | None = None) -> None:
            if callable(ending):
                ending(number, frame)

        def leave(number: int, frame: FrameType | None) -> None:
            if self.begun:
                end(number, frame)
                return
            self.begun = True
            loop.call_soon_threadsafe(lambda: loop.call_later(self.seconds, end, number))

        signal.signal(signal.SIGTERM, leave)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, ending)


class CloseConnections:
    """ASGI middleware: whoever is answered by a server that leaves connects elsewhere next."""

    def __init__(self, app: ASGIApp, leaving: Leaving) -> None:
        self.app = app
        self.leaving = leaving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.leaving.begun or scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        await self.app(scope, receive, closing)
