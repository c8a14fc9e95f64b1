"""Read the JSON body of a request, within limits."""

from typing import Any

import orjson
from starlette.requests import Request

from mercato.core.errors import BadInput

MOST_BYTES = 8 * 1024 * 1024


class BodyTooLarge(BadInput):
    """More than `MOST_BYTES` were sent, or announced."""

    status = 413
    title = "The body is too large"


async def read_json(request: Request, most: int = MOST_BYTES) -> Any:
    """The body's value. Raises BodyTooLarge, or BadInput where it is no JSON.

    most : bytes
    """
    return parsed_json(await read_body(request, most))


def parsed_json(text: bytes | str) -> Any:
    """The value of a JSON text. Raises BadInput where it is none."""
    try:
        found = orjson.loads(text)
        # What can be read nests up to 1,024 levels, what can be written again up to 254.
        orjson.dumps(found)
    except orjson.JSONDecodeError as error:
        raise BadInput("JSON in UTF-8", str(error), "Send valid JSON.") from None
    except orjson.JSONEncodeError as error:
        raise BadInput("JSON of flat objects", str(error), "Do not nest so deeply.") from None
    return found


async def read_body(request: Request, most: int = MOST_BYTES) -> bytes:
    """The body's bytes. Raises BodyTooLarge."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > most:
        raise _too_large(announced, most)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise _too_large(f"more than {most}", most)
    return bytes(body)


def _too_large(found: str, most: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"a body of at most {most} bytes", f"{found} bytes", "Send it in several requests."
    )
