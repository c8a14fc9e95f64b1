"""Who is asking: what a browser's cookies say, checked, and what goes back into them."""

import re
import secrets
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

from mercato.core.errors import BadInput
from mercato.web.basket import Basket, quoted
from mercato.web.languages import Language, choose

_VISITOR, _SESSION, _USER, _LANGUAGE, _BASKET, _COMPARED, _PLAIN = (
    "mercato_visitor",
    "mercato_session",
    "mercato_user",
    "mercato_lang",
    "mercato_basket",
    "mercato_compared",
    "mercato_plain",
)

_YEAR_SECONDS = 365 * 24 * 3600

_RANDOM_ID = re.compile(r"[0-9a-f]{32}")

_USER_LENGTH = 64
"""Characters of a shopper's id that a cookie keeps."""


MOST_COMPARED = 4
"""Products beside each other; more do not fit beside each other on any screen."""

_LONGEST_ID = 200


def random_id() -> str:
    """128 bits that nobody can guess, as 32 hexadecimal digits."""
    return secrets.token_hex(16)


@dataclass(frozen=True)
class Ids:
    """Under which an answer may know who asks; all None for one that is to know nobody."""

    user_id: str | None = None
    visitor_id: str | None = None
    session_id: str | None = None


@dataclass(frozen=True)
class Visit:
    """One browser.

    visitor_id : first-party random id, kept for a year
    session_id : random id, gone after the shop's session gap without a request
    user_id    : the shopper whose eyes the window is seen through; None for a new one
    remembered : whether the language was chosen, not guessed
    compared : ids of products that stand beside each other
    personal : whether what this browser did may count in what it is shown
    """

    visitor_id: str
    session_id: str
    user_id: str | None
    language: Language
    remembered: bool
    basket: Basket
    compared: tuple[str, ...] = ()
    personal: bool = True

    @property
    def ids(self) -> Ids:
        """What answers are told of who asks."""
        return Ids(self.user_id, self.visitor_id, self.session_id) if self.personal else Ids()

    def shopping_as(self, user_id: str | None) -> "Visit":
        """Somebody else at the same browser: nothing of the shopper before is taken along.

        Raises BadInput for an id that no cookie should carry.
        """
        if user_id is not None and not valid_user(user_id):
            raise BadInput(
                f"a shopper's id of at most {_USER_LENGTH} printable characters",
                repr(user_id[: _USER_LENGTH + 1]),
                "Take an id that stands in the events.",
            )
        return replace(
            self,
            visitor_id=random_id(),
            session_id=random_id(),
            user_id=user_id,
            basket=Basket(),
            compared=(),
        )


def valid_user(user_id: str) -> bool:
    return 0 < len(user_id) <= _USER_LENGTH and user_id.isprintable()


def read_visit(request: Request, default_language: str, *, chooses: bool) -> Visit:
    """The visit of a request; cookies that do not fit count as absent, and so does a shopper's id
    where nobody ``chooses`` one: it is as easily guessed as written."""
    cookies = request.cookies
    user_id = unquote(cookies.get(_USER, ""))
    asked = request.query_params.get("lang")
    return Visit(
        visitor_id=_random_or_new(cookies.get(_VISITOR)),
        session_id=_random_or_new(cookies.get(_SESSION)),
        user_id=user_id if chooses and valid_user(user_id) else None,
        language=language_of(request, default_language),
        remembered=asked is not None or _LANGUAGE in cookies,
        basket=Basket.from_cookie(cookies.get(_BASKET, "")),
        compared=_compared(cookies.get(_COMPARED, "")),
        personal=_PLAIN not in cookies,
    )


def _compared(cookie: str) -> tuple[str, ...]:
    ids = (unquote(each) for each in cookie.split("."))
    fits = (each for each in ids if 0 < len(each) <= _LONGEST_ID)
    return tuple(dict.fromkeys(fits))[:MOST_COMPARED]


def language_of(request: Request, default_language: str) -> Language:
    """What a request is to be answered in, see `mercato.web.languages.choose`."""
    return choose(
        request.query_params.get("lang"),
        request.cookies.get(_LANGUAGE),
        request.headers.get("accept-language", ""),
        default_language,
    )


def remember_language(response: Response, request: Request) -> None:
    """Keep the language that an address asked for."""
    if request.query_params.get("lang") is not None:
        code = language_of(request, "").code
        if request.cookies.get(_LANGUAGE) != code:
            _set(response, request, _LANGUAGE, code, _YEAR_SECONDS)


def _random_or_new(found: str | None) -> str:
    return found if found is not None and _RANDOM_ID.fullmatch(found) else random_id()


def write_visit(response: Response, visit: Visit, request: Request, session_seconds: int) -> None:
    """Set the cookies that differ from those of the request; the session's, to go on, always."""
    wanted = {
        _VISITOR: visit.visitor_id,
        _USER: quote(visit.user_id or "", safe=""),
        _LANGUAGE: visit.language.code if visit.remembered else "",
        _BASKET: visit.basket.cookie(),
        _COMPARED: ".".join(quoted(each) for each in visit.compared),
        _PLAIN: "" if visit.personal else "1",
    }
    for name, value in wanted.items():
        if request.cookies.get(name, "") != value:
            _set(response, request, name, value, _YEAR_SECONDS if value else 0)
    _set(response, request, _SESSION, visit.session_id, session_seconds)


def _set(response: Response, request: Request, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
