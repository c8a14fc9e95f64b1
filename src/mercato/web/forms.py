"""Fields of a plain HTML form (application/x-www-form-urlencoded), bounded."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from mercato.core.errors import BadInput

_MOST_BYTES = 16_384
_MOST_FIELDS = 50


async def read_form(request: Request) -> Mapping[str, str]:
    """Field → value; of a field that comes twice, the last counts. Raises BadInput."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise BadInput(
                f"a form of at most {_MOST_BYTES:,} bytes", "a longer one", "Send less at once."
            )
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise BadInput("a form in UTF-8", str(error), "Send it from the shop's page.") from None


def require(form: Mapping[str, str], name: str) -> str:
    """A field that must be there and not be empty."""
    value = form.get(name, "").strip()
    if not value:
        raise BadInput(f"the field {name}", "none", "Send the form from the shop's page.")
    return value


def pieces(form: Mapping[str, str], name: str = "quantity") -> int:
    """A number of pieces, 0 or more; 1 where the form names none."""
    text = form.get(name, "1").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise BadInput("a number of pieces", repr(text), "Write a whole number such as 2.")
    return int(text)
