"""Connections that keep a server waiting are closed: slow heads, endless heads, slow bodies.

A server holds a file for each connection, and whoever opens many and sends a byte now and then
would hold all of them (Slowloris, 2009).
"""

import asyncio
import time
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mercato.api.problems import ProblemAnswer, problem
from mercato.core.errors import BadInput, MercatoError

HEAD_SECONDS = 10.0
"""From the connection, or a request's first byte, to the end of its head."""

MOST_HEAD_BYTES = 65_536
"""Of a request's line and headers; what comes in one piece with its end is not counted."""

BODY_SECONDS = 30.0
"""From the end of the head to the end of the body: 8 MB at 2.2 Mbit/s."""


class TooLargeHead(BadInput):
    """A head does not end."""

    status = 431
    title = "The request's head is too large"


class TooSlow(BadInput):
    """A body did not come in time."""

    status = 408
    title = "The request came too slowly"


def _closing(error: MercatoError) -> bytes:
    """An answer without a route: the connection is closed after it."""
    answer = ProblemAnswer(problem(error), status_code=error.status)
    answer.headers["connection"] = "close"
    lines = [b"HTTP/1.1 %d %s" % (error.status, HTTPStatus(error.status).phrase.encode())]
    lines += [b"%s: %s" % header for header in answer.raw_headers]
    return b"\r\n".join([*lines, b"", bytes(answer.body)])


_TOO_LARGE = _closing(
    TooLargeHead(
        f"a request's line and headers of at most {MOST_HEAD_BYTES:,} bytes",
        "more",
        "Send what is long as a body, or leave cookies out.",
    )
)
_TOO_SLOW = _closing(
    TooSlow(
        f"a request's line and headers within {HEAD_SECONDS:.0f} s",
        "a head that had not ended by then",
        "Send the request again, at once.",
    )
)


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol for one connection, with a limit of time and size for heads."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._head_due: asyncio.TimerHandle | None = None
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._head_due is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        self._head_came()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_due is not None and self._head_bytes > MOST_HEAD_BYTES:
            self._close(_TOO_LARGE)

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._head_due = self.loop.call_later(HEAD_SECONDS, self._close, _TOO_SLOW)

    def _head_came(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _close(self, answer: bytes) -> None:
        self._head_came()
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()


class TimeBodies:
    """ASGI middleware: whoever reads a body that does not come in time meets TooSlow."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _Body(receive)

        async def closing(message: Message) -> None:
            if body.late and message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        await self.app(scope, body.receive, closing)


class _Body:
    """late : whether it did not come in time"""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._due = time.monotonic() + BODY_SECONDS
        self._ended = False
        self.late = False

    async def receive(self) -> Message:
        if self._ended:  # what comes now is the end of the connection, and may take its time
            return await self._receive()
        try:
            async with asyncio.timeout(max(self._due - time.monotonic(), 0)):
                message = await self._receive()
        except TimeoutError:
            self.late = True
            raise TooSlow(
                f"a body within {BODY_SECONDS:.0f} s", "one that is not there yet", "Send less."
            ) from None
        self._ended = not message.get("more_body", False)
        return message
