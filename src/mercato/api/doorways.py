"""How clients of each dialect send a key and are refused; all others as it is usual for us."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import Response

from mercato.api.algolia import ALGOLIA, algolia_error
from mercato.api.dialects import addresses
from mercato.api.dialects.errors import google_error, opensearch_error, segment_error
from mercato.api.problems import answer_error
from mercato.api.scopes import is_under
from mercato.core.errors import MercatoError
from mercato.shop.key_book import PREFIX

Find = Callable[[Headers, Mapping[str, str]], str | None]
"""Of headers and parameters the key; None where there is none."""


@dataclass(frozen=True)
class Doorway:
    """A part of the API.

    under   : the beginnings of its addresses
    key     : where a key stands, beside ``Authorization: Bearer``
    refusal : the answer to whoever may not pass
    in_body : whether a key may also stand in the body, where the route looks for it
    """

    under: tuple[str, ...]
    key: Find
    refusal: Callable[[MercatoError, dict[str, str]], Response]
    in_body: bool = False


def _parameter(name: str) -> Find:
    return lambda headers, asked: asked.get(name)


def _header_or_parameter(header: str, name: str) -> Find:
    return lambda headers, asked: headers.get(header) or asked.get(name)


def _basic(headers: Headers, asked: Mapping[str, str]) -> str | None:
    """Of user and password the one that is a key; else the user (RFC 7617)."""
    kind, _, text = headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return text
    return password if password.startswith(f"{PREFIX}_") else user


_OURS = Doorway(("",), lambda headers, asked: None, answer_error)

_DOORWAYS = (
    # A page that is left can send no header with its last events.
    Doorway(("/v1/events",), _parameter("key"), answer_error),
    Doorway(
        (ALGOLIA,),
        _header_or_parameter("x-algolia-api-key", "x-algolia-api-key"),
        algolia_error,
    ),
    Doorway((addresses.GA4, addresses.GA4_DEBUG), _parameter("api_secret"), answer_error),
    Doorway(tuple(addresses.SEGMENT), _basic, segment_error, in_body=True),
    Doorway((addresses.RETAIL,), _header_or_parameter("x-goog-api-key", "key"), google_error),
    Doorway((*addresses.UBI, addresses.UBI_BULK), _basic, opensearch_error),
)


def doorway_at(path: str) -> Doorway:
    """Whose address it is."""
    for doorway in _DOORWAYS:
        if any(is_under(path, prefix) for prefix in doorway.under):
            return doorway
    return _OURS
