"""From a request to a page's function and back: cookies, forms, events, HTML or JSON."""

from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mercato.core.errors import MercatoError
from mercato.data.assets import ASSETS
from mercato.data.auditing import LOOKING, Reader
from mercato.data.auditing import record as put_on_record
from mercato.shop.events import Accepted, Door
from mercato.shop.exposure import Exposure
from mercato.shop.marking import marking_of
from mercato.shop.opened import Shop
from mercato.web.asked import Ask, Data, Page, Redirect, Revealed
from mercato.web.departments import departments
from mercato.web.forms import read_form
from mercato.web.languages import CODES, language
from mercato.web.pages.error import error_page
from mercato.web.recording import begin, finish, record
from mercato.web.rendering import Frame, render
from mercato.web.security import HEADERS, require_same_origin
from mercato.web.visit import Visit, read_visit, write_visit

Endpoint = Callable[[Request], Awaitable[Response]]

_TWIN = ".json"
_NAV_DEPARTMENTS = 10
_SECONDS_PER_MINUTE = 60


class Answering:
    """Answers requests in the name of one shop."""

    def __init__(self, shop: Shop, exposure: Exposure) -> None:
        self.shop = shop
        self.exposure = exposure

    @property
    def handlers(self) -> Mapping[Any, Any]:
        """What answers when a page cannot, by the error's class."""
        return {
            MercatoError: self._refused,
            HTTPException: self._no_such_page,
            Exception: self._failed,
        }

    def page(self, make: Callable[[Ask], Page | Data]) -> Endpoint:
        """An endpoint that shows; asked for with ``.json`` it shows the context itself."""

        async def endpoint(request: Request) -> Response:
            ask = self._ask(request, {})
            looked = partial(self._looked_at, request, ask, make)
            response, recording = await self.shop.overload.turns.run(looked)
            await finish(recording)
            return response

        return endpoint

    def form(self, make: Callable[[Ask], Redirect]) -> Endpoint:
        """An endpoint that takes a form; the visit's new cookies go out with the redirect."""

        async def endpoint(request: Request) -> Response:
            require_same_origin(request)
            ask = self._ask(request, await read_form(request))
            return await run_in_threadpool(self._sent, request, ask, make)

        return endpoint

    def _ask(self, request: Request, form: Mapping[str, str]) -> Ask:
        return Ask(
            self.shop,
            self._visit(request),
            self._chooses(request),
            request.url.path.removesuffix(_TWIN),
            self._path_params(request),
            request.query_params,
            form,
            _back(request),
        )

    def _visit(self, request: Request) -> Visit:
        language = self.shop.settings.shop.language
        return read_visit(request, language, chooses=self._chooses(request))

    def _chooses(self, request: Request) -> bool:
        """Whether this browser may look through any shopper's eyes: only on this very machine."""
        return not self.exposure.reachable(request.headers)

    def _path_params(self, request: Request) -> Mapping[str, str]:
        """The parts of the path; an item's id loses ``.json`` unless it is an id as it stands."""
        item_id = request.path_params.get("item_id", "")
        if item_id.endswith(_TWIN) and self.shop.live.catalogue.row(item_id) is None:
            return {"item_id": item_id.removesuffix(_TWIN)}
        return request.path_params

    def _wants_twin(self, request: Request) -> bool:
        item_id = request.path_params.get("item_id")
        return request.url.path.endswith(_TWIN) and (
            item_id is None or self._path_params(request)["item_id"] != item_id
        )

    def _looked_at(
        self, request: Request, ask: Ask, make: Callable[[Ask], Page | Data]
    ) -> tuple[Response, "Future[Accepted] | None"]:
        """The answer, and the writing of what it says of the visit."""
        answer = make(ask)
        if isinstance(answer, Data):
            return _json(answer.value), None
        self._on_record(request, answer.revealed)
        recording = (
            begin(self.shop, answer.events, self._door(request)) if self._counts(request) else None
        )
        response = self._led(request, ask.visit, answer) or self._page(request, ask.visit, answer)
        return response, recording

    def _led(self, request: Request, visit: Visit, page: Page) -> Response | None:
        """A redirect where the page leads on, unless a script or a program asks for it."""
        in_a_window = request.headers.get("sec-fetch-dest", "document") == "document"
        if page.leads_to is None or not in_a_window or self._wants_twin(request):
            return None
        response = RedirectResponse(page.leads_to, status_code=303, headers=HEADERS)
        response.headers["Cache-Control"] = "private, no-cache"
        self._write_visit(response, visit, request)
        return response

    def _on_record(self, request: Request, revealed: Revealed | None) -> None:
        if revealed is not None:
            address = request.client.host if request.client else "unknown address"
            action = f"{request.method} {request.url.path}"
            reader = Reader(address, action, LOOKING)
            put_on_record(self.shop.state, reader, ASSETS[revealed.asset], user_id=revealed.user_id)

    def _door(self, request: Request) -> Door:
        agent = request.headers.get("user-agent", "")
        address = request.client.host if request.client else None
        return Door(marking=marking_of(self.shop.settings, agent, address))

    def _counts(self, request: Request) -> bool:
        """Whether a person looks: not a twin's reader, and no browser that fetches ahead."""
        return (
            request.method == "GET"
            and not self._wants_twin(request)
            and "prefetch" not in request.headers.get("sec-purpose", "")
        )

    def _sent(self, request: Request, ask: Ask, make: Callable[[Ask], Redirect]) -> Response:
        answer = make(ask)
        self._on_record(request, answer.revealed)
        record(self.shop, answer.events, self._door(request))
        response: Response
        if "application/json" in request.headers.get("accept", ""):
            pieces = answer.visit.basket.pieces
            response = _json({"notice": answer.notice, "pieces": pieces})
        else:
            response = RedirectResponse(answer.to, status_code=303)
        self._write_visit(response, answer.visit, request)
        return response

    def _page(self, request: Request, visit: Visit, page: Page) -> Response:
        if self._wants_twin(request):
            return _json(page.context, page.status)
        html = render(page.context, self._frame(request, visit, page.status), visit.language)
        response = Response(html, page.status, media_type="text/html")
        response.headers.update(HEADERS)
        response.headers["Content-Language"] = visit.language.code
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["Vary"] = "Cookie, Accept-Language"
        self._write_visit(response, visit, request)
        return response

    def _write_visit(self, response: Response, visit: Visit, request: Request) -> None:
        minutes = self.shop.settings.sessions.gap_minutes
        write_visit(response, visit, request, minutes * _SECONDS_PER_MINUTE)

    def _frame(self, request: Request, visit: Visit, status: int) -> Frame:
        live = self.shop.live
        # The page that says "our fault" needs nothing that may be at fault itself.
        top = () if status == 500 else departments(live.catalogue)[:_NAV_DEPARTMENTS]
        here = [pair for pair in request.query_params.multi_items() if pair[0] != "lang"]
        path = request.url.path
        return Frame(
            shop_name=self.shop.settings.shop.name,
            user_id=visit.user_id,
            personal=visit.personal,
            compared=len(visit.compared),
            chooses=self._chooses(request),
            basket_pieces=sum(
                line.quantity
                for line in visit.basket.lines
                if live.catalogue.row(line.item_id) is not None
            ),
            languages=tuple(
                (code, language(code).name, f"{path}?{urlencode([*here, ('lang', code)])}")
                for code in CODES
                if code != visit.language.code
            ),
            departments=tuple((each.name, each.url) for each in top),
            twin=_twin(path, here) if status == 200 else None,
        )

    async def _refused(self, request: Request, error: MercatoError) -> Response:
        return self._error(request, error.status, error)

    async def _no_such_page(self, request: Request, error: HTTPException) -> Response:
        return self._error(request, error.status_code)

    async def _failed(self, request: Request, error: Exception) -> Response:
        return self._error(request, 500)

    def _error(self, request: Request, status: int, error: MercatoError | None = None) -> Response:
        visit = self._visit(request)
        page = error_page(visit.language, status, error, _simpler(request))
        response = self._page(request, visit, page)
        if status == 429:
            response.headers["Retry-After"] = "1"
        return response


def _back(request: Request) -> str:
    """The page of this shop that a form was sent from; the first one where nothing says so."""
    came = urlsplit(request.headers.get("referer", ""))
    if came.netloc != request.url.netloc or came.path.startswith("//"):
        return "/"
    return came.path + (f"?{came.query}" if came.query else "")


def _twin(path: str, parameters: list[tuple[str, str]]) -> str:
    address = ("/index" if path == "/" else quote(path)) + _TWIN
    return f"{address}?{urlencode(parameters)}" if parameters else address


def _simpler(request: Request) -> str | None:
    """A search's words without whatever else stood in its address."""
    q = request.query_params.get("q", "")
    narrowed = len(request.query_params) > 1 and request.url.path == "/search"
    return f"/search?{urlencode({'q': q})}" if q and narrowed else None


def _json(value: object, status: int = 200) -> Response:
    return Response(
        orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY),
        status,
        headers={"Cache-Control": "private, no-cache", **HEADERS},
        media_type="application/json",
    )
