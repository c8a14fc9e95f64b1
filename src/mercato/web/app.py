"""The storefront as one ASGI application: which address is which page."""

from collections.abc import Callable, Mapping, Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from mercato.core.errors import NotFound
from mercato.shop.exposure import Exposure
from mercato.shop.opened import Shop
from mercato.web.answering import Answering
from mercato.web.asked import Ask, Data, Page, Redirect
from mercato.web.console.app import create_console, first
from mercato.web.console.asked import ROOT
from mercato.web.pages.banner import banner
from mercato.web.pages.basket import add, add_all, basket, change, check_out
from mercato.web.pages.browse import browse
from mercato.web.pages.compare import compare, put_beside, take_away
from mercato.web.pages.home import home
from mercato.web.pages.item import item
from mercato.web.pages.listing import listing
from mercato.web.pages.personal import less, personal, switch
from mercato.web.pages.shopper import become, shopper
from mercato.web.pages.suggest import suggest
from mercato.web.pages.thanks import thanks
from mercato.web.rendering import CONSOLE_STATIC, STATIC, asset, warm
from mercato.web.snippet import mercato_js

PAGES: Mapping[str, Callable[[Ask], Page | Data]] = {
    "/": home,
    "/search": listing,
    "/browse": browse,
    "/item/{item_id:path}": item,
    "/basket": basket,
    "/thanks": thanks,
    "/banner/{banner_id}": banner,
    "/compare": compare,
    "/personal": personal,
    "/shopper": shopper,
    "/suggest": suggest,
}
"""Each has its JSON twin under the same address with ``.json``; that of ``/`` is /index.json."""

FORMS: Mapping[str, Callable[[Ask], Redirect]] = {
    "/basket/add": add,
    "/basket/add-all": add_all,
    "/basket/change": change,
    "/basket/checkout": check_out,
    "/compare/add": put_beside,
    "/compare/remove": take_away,
    "/personal": switch,
    "/less": less,
    "/shopper": become,
}

_COMPRESSED_FROM_BYTES = 1_000
_FOR_EVER = "public, max-age=31536000, immutable"


def create_web(shop: Shop, exposure: Exposure | None = None) -> Starlette:
    """The storefront and the console of a shop; mount them behind all other routes, at the root.

    exposure : on loopback, if not said
    """
    warm()
    answering = Answering(shop, exposure or Exposure())
    return Starlette(
        routes=routes(answering),
        middleware=[
            Middleware(GZipMiddleware, minimum_size=_COMPRESSED_FROM_BYTES, compresslevel=5)
        ],
        exception_handlers=answering.handlers,
    )


def routes(answering: Answering) -> Sequence[BaseRoute]:
    forms = [Route(path, answering.form(make), methods=["POST"]) for path, make in FORMS.items()]
    pages = []
    for path, make in PAGES.items():
        endpoint = answering.page(make)
        pages.append(Route(path, endpoint))
        # The item's page tells its twin from an id that ends in .json by itself.
        if "{" not in path:
            pages.append(Route("/index.json" if path == "/" else f"{path}.json", endpoint))
    console = (Route(ROOT, first), Mount(ROOT, create_console(answering.shop)))
    files = (Route("/static/{name}", static), Route("/mercato.js", mercato_js))
    return [*files, *console, *forms, *pages]


async def static(request: Request) -> Response:
    """A file of our own; its address carries its version, so it never has to be asked again."""
    name = request.path_params["name"]
    if name not in STATIC + CONSOLE_STATIC:
        raise NotFound("a file of our own", repr(name), "See the page's source.")
    found = asset(name)
    headers = {"ETag": f'"{found.version}"', "Cache-Control": _FOR_EVER}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=_MEDIA[name.rpartition(".")[2]], headers=headers)


_MEDIA = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
