"""Who may ask for what: the API is open on loopback until a key is made; then keys open it."""

import math
import time
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mercato.api.dialects.opening import leave_open
from mercato.api.doorways import doorway_at
from mercato.api.origins import Forbidden
from mercato.api.scopes import scope_of
from mercato.core.errors import MercatoError, Overloaded
from mercato.core.scopes import Scope as KeyScope
from mercato.shop.exposure import Exposure
from mercato.shop.key_book import Key
from mercato.shop.opened import Shop
from mercato.shop.rules import By

_WITHOUT_KEYS = (KeyScope.SEARCH, KeyScope.EVENTS)
"""What a shop without a key lets anybody do who is not on its own machine."""

_OF_REQUEST = "mercato.key"
"""In a request's ASGI scope: its key."""


class Unauthorized(MercatoError):
    """A key is missing, or opens nothing."""

    status = 401
    title = "Unauthorized"


class CheckKeys:
    """ASGI middleware that refuses whoever lacks the key."""

    def __init__(self, app: ASGIApp, shop: Shop, exposure: Exposure) -> None:
        self.app = app
        self.shop = shop
        self.exposure = exposure
        self._buckets: dict[str, Bucket] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = scope_of(scope["path"]) if scope["type"] == "http" else None
        if wanted is not None:
            try:
                scope[_OF_REQUEST] = self._key(scope, wanted)
            except MercatoError as error:
                await _refusal(scope["path"], error)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _key(self, scope: Scope, wanted: KeyScope) -> Key | None:
        """The key that opens; None where none is needed. Raises Unauthorized without one that is
        known, Forbidden where it is for something else, Overloaded where it asks too often."""
        if self.shop.keys.opens_by_itself:
            reachable = self.exposure.reachable(Headers(scope=scope))
            if reachable and wanted not in _WITHOUT_KEYS:
                raise Forbidden(
                    "a key for what other machines can reach",
                    "a shop without keys",
                    f"Make one: mercato keys DIR create NAME --scope {wanted}",
                )
            return None
        sent = sent_key(scope)
        if sent is None and doorway_at(scope["path"]).in_body:
            leave_open(scope, lambda text: self._open(text, wanted))
            return None
        return self._open(sent, wanted)

    def _open(self, sent: str | None, wanted: KeyScope) -> Key:
        """Errors as with `_key`."""
        if sent is None:
            remedy = "Send it in the header: Authorization: Bearer mk_…"
            if not self.shop.keys.keys:
                remedy = f"None is left. Make one: mercato keys DIR create NAME --scope {wanted}"
            raise Unauthorized("a key", "none", remedy)
        key = self.shop.keys.find(sent, time.time_ns() // 1000)
        if key is None:
            raise Unauthorized(
                "a key of this shop",
                "one that is unknown, revoked or has ended",
                "mercato keys DIR lists those that open.",
            )
        if not key.may(wanted):
            raise Forbidden(
                f"a key for {wanted}",
                f"one for {', '.join(sorted(key.scopes))}",
                f"Make one: mercato keys DIR create NAME --scope {wanted}",
            )
        self._take(key)
        return key

    def _take(self, key: Key) -> None:
        if key.rate is None:
            return
        # A balancer gives each as many.
        rate = key.rate / max(self.exposure.workers, self.shop.processes)
        bucket = self._buckets.setdefault(key.id, Bucket(rate))
        if bucket.rate != rate:
            bucket = self._buckets[key.id] = Bucket(rate)
        if not bucket.take(time.monotonic()):
            raise Overloaded(
                f"at most {key.rate:g} requests a second with this key",
                "more",
                "Send the request again in a second.",
            )


def _refusal(path: str, error: MercatoError) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthorized) else {}
    return doorway_at(path).refusal(error, headers)


class Bucket:
    """Tokens that come back at ``rate`` a second, at most a second's of them and at least one."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._most = max(rate, 1.0)
        self._tokens = self._most
        self._at = -math.inf

    def take(self, now: float) -> bool:
        """Whether there was one; ``now`` in seconds, not falling."""
        self._tokens = min(self._most, self._tokens + self.rate * max(now - self._at, 0))
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def sent_key(scope: Scope) -> str | None:
    """The key that a request carries."""
    headers = Headers(scope=scope)
    kind, _, text = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and text.strip():
        return text.strip()
    # Of names that stand for headers clients write capitals as they like.
    asked = {
        name.lower(): value for name, value in parse_qsl(scope["query_string"].decode("latin-1"))
    }
    return doorway_at(scope["path"]).key(headers, asked)


def by(request: Request) -> By:
    """Who sends a request that changes something: a key by its name, or an address."""
    key: Key | None = request.scope.get(_OF_REQUEST)
    if key is not None:
        return By(f"key {key.name} ({key.id})", _action(request))
    address = request.client.host if request.client else "unknown address"
    return By(address, _action(request))


def _action(request: Request) -> str:
    return f"{request.method} {request.url.path}"
