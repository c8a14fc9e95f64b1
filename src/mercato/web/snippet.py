"""``/mercato.js``: the snippet that tells what visitors of a shop's own pages do."""

from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from mercato.web.rendering import Asset, versioned

MOST_BYTES = 3_000

_HEADERS = {
    # Its address never changes, so that pages need not: it is asked for again after an hour.
    "Cache-Control": "public, max-age=3600",
    # Pages of other origins load it.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
}


@cache
def snippet() -> Asset:
    """The script without comments and indentation."""
    text = files("mercato.web").joinpath("static", "mercato.js").read_text()
    lines = (line.strip() for line in text.splitlines())
    return versioned("\n".join(line for line in lines if line and line[:2] != "//").encode())


async def mercato_js(request: Request) -> Response:
    found = snippet()
    headers = {**_HEADERS, "ETag": f'"{found.version}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type="text/javascript", headers=headers)
