"""``/console/sign-in``, ``/console/link`` and ``/console/sign-out``."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mercato.core.errors import BadInput, NotFound
from mercato.shop.opened import Shop
from mercato.shop.people import link_holder, people_of
from mercato.shop.signing_in import (
    SignedIn,
    SignInFailed,
    TooManyFailures,
    forget_sessions,
    sign_in,
    sign_in_by_link,
    sign_out,
)
from mercato.web.asked import Context
from mercato.web.console.access.door import LINK, SIGN_IN, SIGN_OUT, signed_in_person
from mercato.web.console.access.following import FIRST, safe_next
from mercato.web.console.access.pages import EndedPage, LinkPage, SignInPage
from mercato.web.console.access.sessions import begin, end, token_of
from mercato.web.forms import read_form
from mercato.web.languages import CODES, choose, language
from mercato.web.rendering import environment
from mercato.web.security import HEADERS

_HEADERS = HEADERS | {
    # Addresses of links are secrets; "no-referrer" would hide the origin of our own forms too.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_WAIT_SECONDS = "900"


def access_routes(shop: Shop) -> Sequence[Route]:
    """Under ``/console``, which a mounted application does not see."""
    pages = _Pages(shop)
    return [
        Route(_below(SIGN_IN), pages.show_sign_in, methods=["GET"]),
        Route(_below(SIGN_IN), pages.sign_in, methods=["POST"]),
        Route(_below(LINK), pages.show_link, methods=["GET"]),
        Route(_below(LINK), pages.use_link, methods=["POST"]),
        Route(_below(SIGN_OUT), pages.sign_out, methods=["POST"]),
    ]


class _Pages:
    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    async def show_sign_in(self, request: Request) -> Response:
        to = safe_next(request.query_params.get("next"))
        if signed_in_person(request) is not None:
            return _see(to)
        people = await run_in_threadpool(people_of, self.shop.state)
        nobody = not any(each.active and each.password for each in people)
        return self._page(request, SignInPage(to, nobody=nobody))

    async def sign_in(self, request: Request) -> Response:
        form = await read_form(request)
        to, name = safe_next(form.get("next")), form.get("name", "")
        enter = partial(
            sign_in,
            self.shop.state,
            name,
            form.get("password", ""),
            _address(request),
            _by(request),
        )
        try:
            entered = await run_in_threadpool(enter)
        except SignInFailed as error:
            return self._page(request, SignInPage(to, name, "wrong"), error.status)
        except TooManyFailures as error:
            answer = self._page(request, SignInPage(to, name, "often"), error.status)
            answer.headers["Retry-After"] = _WAIT_SECONDS
            return answer
        return await self._entered(request, entered, to)

    async def show_link(self, request: Request) -> Response:
        token = request.query_params.get("token", "")
        return await run_in_threadpool(self._link_page, request, token)

    async def use_link(self, request: Request) -> Response:
        form = await read_form(request)
        token, password = form.get("token", ""), form.get("password", "") or None
        enter = partial(
            sign_in_by_link, self.shop.state, token, password, _address(request), _by(request)
        )
        try:
            entered = await run_in_threadpool(enter)
        except BadInput as error:
            return await run_in_threadpool(self._link_page, request, token, error)
        except NotFound as error:
            return self._page(request, EndedPage(), error.status)
        return await self._entered(request, entered, FIRST)

    async def sign_out(self, request: Request) -> Response:
        await self._leave(request)
        return _see(SIGN_IN)

    def _link_page(self, request: Request, token: str, wrong: BadInput | None = None) -> Response:
        try:
            person = link_holder(self.shop.state, token)
        except NotFound as error:
            return self._page(request, EndedPage(), error.status)
        has = person.password is not None
        refused = "" if wrong is None else f"Expected {wrong.expected}. {wrong.remedy}"
        page = LinkPage(token, person.name, person.role, has, refused)
        return self._page(request, page, 200 if wrong is None else wrong.status)

    async def _entered(self, request: Request, entered: SignedIn, to: str) -> Response:
        await self._leave(request)
        await run_in_threadpool(forget_sessions, self.shop.state, self.shop.settings.console)
        begin(request, entered.token)
        return _see(to)

    async def _leave(self, request: Request) -> None:
        """End the session that the browser was in."""
        token, person = token_of(request), signed_in_person(request)
        if token is not None and person is not None:
            over = partial(sign_out, self.shop.state, token, person.name, _by(request))
            await run_in_threadpool(over)
        end(request)

    def _page(self, request: Request, context: Context, status: int = 200) -> Response:
        spoken = choose(
            request.query_params.get("lang"),
            request.cookies.get("mercato_lang"),
            request.headers.get("accept-language", ""),
            self.shop.settings.shop.language,
        )
        html = (
            environment(spoken.code)
            .get_template(context.template)
            .render(
                page=context,
                shop_name=self.shop.settings.shop.name,
                languages=_languages(request, spoken.code),
            )
        )
        headers = {**_HEADERS, "Content-Language": spoken.code}
        return Response(html, status, headers, media_type="text/html")


def _languages(request: Request, spoken: str) -> list[Mapping[str, Any]]:
    """Of the others: code, name and this page's address in it."""
    here = [pair for pair in request.query_params.multi_items() if pair[0] != "lang"]
    return [
        {
            "code": code,
            "name": language(code).name,
            "url": f"{request.url.path}?{urlencode([*here, ('lang', code)])}",
        }
        for code in CODES
        if code != spoken
    ]


def _see(to: str) -> Response:
    return RedirectResponse(to, 303, headers=_HEADERS)


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown address"


def _by(request: Request) -> str:
    return f"{request.method} {request.url.path}"


def _below(path: str) -> str:
    return path.removeprefix("/console")
