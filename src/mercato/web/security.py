"""What keeps other sites' hands off a shopper's browser."""

from urllib.parse import urlsplit

from starlette.requests import Request

from mercato.core.errors import MercatoError

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        # Pictures come from wherever the product feed points to.
        "img-src 'self' https: http:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Sent with every page."""


class Forbidden(MercatoError):
    """The request comes from somewhere that may not send it."""

    status = 403
    title = "Forbidden"


def require_same_origin(request: Request) -> None:
    """Refuse a form that another site sent in the shopper's name.

    Needs no token: browsers say themselves where a request comes from. The rules are those of Go's
    ``http.CrossOriginProtection`` (https://words.filippo.io/csrf/): believe Sec-Fetch-Site; from
    browsers older than that header, Origin must name this host; a client that sends neither is no
    browser, and so carries nobody's cookies.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        allowed = site in ("same-origin", "none")
    else:
        origin = request.headers.get("origin")
        allowed = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not allowed:
        raise Forbidden(
            "a form that was sent from this shop",
            f"one from {request.headers.get('origin') or 'another site'}",
            "Open the shop itself and try again.",
        )
