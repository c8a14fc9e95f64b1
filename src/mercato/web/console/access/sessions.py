"""A browser's session: Starlette's signed cookie, which carries the secret of a session in the
state and nothing else, so that it ends there."""

from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from mercato.shop.opened import Shop

COOKIE, COOKIE_OF_HTTPS = "mercato_console", "__Host-mercato_console"
"""Browsers take the second only over https, for this very host, so that no neighbour sets it
(RFC 6265bis, 4.1.3.2)."""

_TOKEN = "token"
_SECRET = "console-cookies"


class Sessions:
    """ASGI middleware: ``request.session``, kept in another cookie over https than over http."""

    def __init__(self, app: ASGIApp, shop: Shop) -> None:
        secret = shop.state.secret(_SECRET).hex()
        seconds = round(shop.settings.console.session_hours * 3600)
        self._plain = SessionMiddleware(app, secret, COOKIE, seconds, path="/console")
        self._secure = SessionMiddleware(app, secret, COOKIE_OF_HTTPS, seconds, https_only=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kept = self._secure if scope.get("scheme") == "https" else self._plain
        await kept(scope, receive, send)


def token_of(request: Request) -> str | None:
    """The secret of the session that a request belongs to."""
    token = request.session.get(_TOKEN)
    return token if isinstance(token, str) else None


def begin(request: Request, token: str) -> None:
    """The browser is in this session from now on; nothing of the one before is left."""
    request.session.clear()
    request.session[_TOKEN] = token


def end(request: Request) -> None:
    request.session.clear()
