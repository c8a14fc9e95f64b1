"""``/mercato.js``: the snippet that tells what visitors of a shop's own pages do."""

import re
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


_SIGNS = re.compile(r'("[^"]*")|\s*([^\w$"\s])\s*')
"""A string, which is kept as it is; or a sign and white space around it, which means nothing."""

_SHORTER = ((re.compile(r";}"), "}"), (re.compile(r"\((\w+)\)=>"), r"\1=>"))


@cache
def snippet() -> Asset:
    """The script without comments and without what its readers need and browsers do not. So its
    statements end in semicolons, its strings are in double quotes, and its regular expressions
    hold neither."""
    text = files("mercato.web").joinpath("static", "mercato.js").read_text()
    code = "\n".join(line for line in text.splitlines() if line.strip()[:2] != "//")
    code = _SIGNS.sub(r"\1\2", code)
    for longer, shorter in _SHORTER:
        code = longer.sub(shorter, code)
    return versioned(code.encode())


async def mercato_js(request: Request) -> Response:
    found = snippet()
    headers = {**_HEADERS, "ETag": f'"{found.version}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type="text/javascript", headers=headers)
