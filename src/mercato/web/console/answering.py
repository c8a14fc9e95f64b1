"""From a request to a page of the console and back: HTML, JSON, or one of its charts."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mercato.core.errors import MercatoError, NotFound
from mercato.core.roles import Permission, permissions_of
from mercato.data.assets import ASSETS
from mercato.data.auditing import LOOKING, Reader
from mercato.data.auditing import record as put_on_record
from mercato.shop.opened import Shop
from mercato.shop.release_preview import ReleaseLook
from mercato.web.asked import Revealed
from mercato.web.console.access.door import admitted, signed_in_person
from mercato.web.console.asked import Ask, Entry, Form, Page
from mercato.web.console.drawing import Drawing
from mercato.web.console.figures import WIDTHS, Figure
from mercato.web.console.pages.error import error_page
from mercato.web.console.rendering import Door, Frame, render
from mercato.web.forms import read_form
from mercato.web.languages import CODES, Language, language
from mercato.web.security import HEADERS
from mercato.web.visit import language_of, remember_language

Endpoint = Callable[[Request], Awaitable[Response]]

TWIN, DRAWN = ".json", ".svg"

_OF_DRAWINGS = HEADERS | {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}

_OF_US = ("lang", "said", "figure", "width")
"""Parameters that say how a page is shown, and not what."""


class Answering:
    """Answers requests in the name of one shop."""

    def __init__(self, shop: Shop, entries: Sequence[Entry]) -> None:
        self.shop = shop
        self.entries = entries
        self.drawing = Drawing()
        self.look = ReleaseLook(shop)

    @property
    def handlers(self) -> Mapping[Any, Any]:
        """What answers when a page cannot, by the error's class."""
        return {
            MercatoError: self.refused,
            HTTPException: self._no_such_page,
            Exception: self._failed,
        }

    def page(self, entry: Entry) -> Endpoint:
        """An endpoint that shows; with ``.json`` the context itself, with ``.svg`` a chart."""

        async def endpoint(request: Request) -> Response:
            ask = self._ask(request, entry.permission, {})
            return await run_in_threadpool(self._looked_at, request, ask, entry)

        return endpoint

    def form(self, form: Form) -> Endpoint:
        """An endpoint that takes a form, and leads to the page that shows what it did."""

        async def endpoint(request: Request) -> Response:
            ask = self._ask(request, form.permission, await read_form(request))
            return await run_in_threadpool(self._sent, request, ask, form)

        return endpoint

    def _ask(self, request: Request, wanted: Permission, form: Mapping[str, str]) -> Ask:
        by, may = admitted(request, wanted)
        return Ask(
            shop=self.shop,
            language=self._language(request),
            path=_plain(request.url.path),
            path_params=request.path_params,
            query=request.query_params,
            form=form,
            origin=f"{request.url.scheme}://{request.url.netloc}",
            by=by,
            may=may,
            look=self.look,
        )

    def _language(self, request: Request) -> Language:
        return language_of(request, self.shop.settings.shop.language)

    def _looked_at(self, request: Request, ask: Ask, entry: Entry) -> Response:
        answer = entry.make(ask)
        self._on_record(ask, answer.revealed)
        if request.url.path.endswith(DRAWN):
            return self._drawn(request, answer.figures)
        if request.url.path.endswith(TWIN):
            return _json(answer.context, answer.status)
        if answer.figures:
            self.drawing.warm()
        return self._html(request, ask, answer, entry.name)

    def _sent(self, request: Request, ask: Ask, form: Form) -> Response:
        answer = form.take(ask)
        if isinstance(answer, Page):
            return self._html(request, ask, answer, form.name)
        if "application/json" in request.headers.get("accept", ""):
            said = ask.language.text(f"console.said.{answer.said}") if answer.said else ""
            return _json({"said": said})
        sign = "&" if "?" in answer.to else "?"
        to = f"{answer.to}{sign}said={answer.said}" if answer.said else answer.to
        return RedirectResponse(to, status_code=303)

    def _drawn(self, request: Request, figures: Mapping[str, Figure]) -> Response:
        name = request.query_params.get("figure", "")
        width = request.query_params.get("width", "wide")
        if name not in figures or width not in WIDTHS:
            known = ", ".join(figures) or "none"
            raise NotFound(f"a chart of this page: {known}", repr(name), "See the page's source.")
        svg = self.drawing.draw(figures[name], width)
        headers = {**_OF_DRAWINGS, "Cache-Control": "private, max-age=60"}
        return Response(svg, media_type="image/svg+xml", headers=headers)

    def _on_record(self, ask: Ask, revealed: Revealed | None) -> None:
        if revealed is not None:
            reader = Reader(ask.by.actor, ask.by.action, LOOKING)
            put_on_record(self.shop.state, reader, ASSETS[revealed.asset], user_id=revealed.user_id)

    def _html(self, request: Request, ask: Ask, page: Page, name: str) -> Response:
        frame = self._frame(request, ask.language, ask.may, ask.by.actor, name, page.status)
        html = render(page.context, page.figures, frame, ask.language)
        response = Response(html, page.status, media_type="text/html")
        response.headers.update(HEADERS)
        response.headers["Content-Language"] = ask.language.code
        response.headers["Cache-Control"] = "private, no-store"
        remember_language(response, request)
        return response

    def _frame(
        self,
        request: Request,
        spoken: Language,
        may: frozenset[Permission],
        actor: str,
        name: str,
        status: int,
    ) -> Frame:
        path = _plain(request.url.path)
        here = [pair for pair in request.query_params.multi_items() if pair[0] not in _OF_US]
        said = request.query_params.get("said", "")
        key = f"console.said.{said}"
        drawn = [*here, ("lang", spoken.code), ("figure", "")]
        return Frame(
            name=name,
            shop_name=self.shop.settings.shop.name,
            release=self.shop.live.number,
            actor=actor,
            doors=tuple(
                Door(each.name, each.path, each.name == name)
                for each in self.entries
                if each.in_nav and each.permission in may
            ),
            languages=tuple(
                (code, language(code).name, f"{path}?{urlencode([*here, ('lang', code)])}")
                for code in CODES
                if code != spoken.code
            ),
            twin=_address(path + TWIN, here) if status == 200 else None,
            said=spoken.text(key) if key in spoken.texts else "",
            drawn=_address(path + DRAWN, drawn),
        )

    async def refused(self, request: Request, error: MercatoError) -> Response:
        return self._error(request, error.status, error)

    async def _no_such_page(self, request: Request, error: HTTPException) -> Response:
        return self._error(request, error.status_code)

    async def _failed(self, request: Request, error: Exception) -> Response:
        return self._error(request, 500)

    def _error(self, request: Request, status: int, error: MercatoError | None = None) -> Response:
        spoken = self._language(request)
        page = error_page(spoken, status, error)
        if request.url.path.endswith((TWIN, DRAWN)):
            return _json(page.context, status)
        person = signed_in_person(request)
        may = frozenset[Permission]() if person is None else permissions_of(person.role)
        actor = "" if person is None else person.name
        frame = self._frame(request, spoken, may, actor, "error", status)
        html = render(page.context, {}, frame, spoken)
        headers = {**HEADERS, "Cache-Control": "private, no-store"}
        return Response(html, status, media_type="text/html", headers=headers)


def _plain(path: str) -> str:
    return path.removesuffix(TWIN).removesuffix(DRAWN)


def _address(path: str, parameters: list[tuple[str, str]]) -> str:
    return f"{quote(path)}?{urlencode(parameters)}" if parameters else quote(path)


def _json(value: object, status: int = 200) -> Response:
    return Response(
        orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY),
        status,
        headers={"Cache-Control": "private, no-store", **HEADERS},
        media_type="application/json",
    )
