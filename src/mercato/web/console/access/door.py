"""What stands before every page of the console: who is not signed in is led to the sign-in, and no
other site sends a form."""

from collections.abc import Awaitable, Callable
from typing import cast
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mercato.core.errors import MercatoError
from mercato.core.roles import ROLES_THAT_MAY, Permission
from mercato.shop.opened import Shop
from mercato.shop.people import Person
from mercato.shop.rules import By
from mercato.shop.signing_in import signed_in
from mercato.web.console.access.sessions import Sessions, token_of
from mercato.web.security import Forbidden, require_same_origin

SIGN_IN, SIGN_OUT, LINK = "/console/sign-in", "/console/sign-out", "/console/link"

_OPEN = (SIGN_IN, LINK)
"""Pages for those who are not signed in; all others, those that do not exist too, are not."""

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

_AS_DATA = (".json", ".svg")

Refuse = Callable[[Request, MercatoError], Awaitable[Response]]
"""The page that says an error."""


class NotSignedIn(MercatoError):
    """Of an address that no person looks at, who would be led to the sign-in."""

    status = 401
    title = "Not signed in"


class LacksRole(Forbidden):
    """Whoever asks is known, and may not do this."""


def guards(shop: Shop, refuse: Refuse) -> list[Middleware]:
    """What the console's application begins with. ``refuse``: see `Refuse`."""
    return [Middleware(Sessions, shop=shop), Middleware(Door, shop=shop, refuse=refuse)]


class Door:
    """ASGI middleware; behind it ``request.state.person`` is who asks, None at the sign-in."""

    def __init__(self, app: ASGIApp, shop: Shop, refuse: Refuse) -> None:
        self.app = app
        self.shop = shop
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            answer = await self._stopped(request)
        except MercatoError as error:
            answer = await self.refuse(request, error)
        await (answer or self.app)(scope, receive, send)

    async def _stopped(self, request: Request) -> Response | None:
        """The answer to whoever may not come in; None where they may."""
        if request.method not in _SAFE_METHODS:
            require_own_form(request)
        token = token_of(request)
        person = None
        if token is not None:
            settings = self.shop.settings.console
            person = await run_in_threadpool(signed_in, self.shop.state, token, settings)
        request.state.person = person
        if person is not None or request.url.path in _OPEN:
            return None
        if request.url.path.endswith(_AS_DATA):
            raise NotSignedIn("somebody who is signed in", "nobody", f"Sign in at {SIGN_IN}.")
        return _to_sign_in(request)


def require_own_form(request: Request) -> None:
    """`require_same_origin`, and from nobody who does not say where the form comes from: whoever
    carries a session is a browser, and every browser says so."""
    if not any(name in request.headers for name in ("sec-fetch-site", "origin")):
        raise Forbidden(
            "a form that was sent from this console",
            "one that says not where it comes from",
            "Use a browser; programs use the API with a key (docs/keys.md).",
        )
    require_same_origin(request)


def signed_in_person(request: Request) -> Person | None:
    """Who asks; None at the pages for those who are not signed in."""
    return cast("Person | None", getattr(request.state, "person", None))


def admitted(request: Request, permission: Permission) -> tuple[By, frozenset[Permission]]:
    """Who asks, for logs of what they change, and all that they may do.

    Raises LacksRole where they may not do this.
    """
    person = signed_in_person(request)
    if person is None:
        raise NotSignedIn("somebody who is signed in", "nobody", f"Sign in at {SIGN_IN}.")
    may = frozenset(each for each, roles in ROLES_THAT_MAY.items() if person.role in roles)
    if permission not in may:
        raise LacksRole(
            f"one of: {', '.join(sorted(ROLES_THAT_MAY[permission]))}",
            f"{person.name}, {person.role}",
            "Ask an owner for another role: mercato people DIR role NAME",
        )
    return By(person.name, f"{request.method} {request.url.path}"), may


def _to_sign_in(request: Request) -> Response:
    address = SIGN_IN
    if request.method == "GET" and request.url.path not in ("/console", "/console/"):
        query = f"?{request.url.query}" if request.url.query else ""
        address += "?" + urlencode({"next": f"{request.url.path}{query}"})
    return RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})
