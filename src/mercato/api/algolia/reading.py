"""Values of parameters: typed in a JSON body, as text in a URL-encoded one."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import orjson

from mercato.core.errors import BadInput

MOST_PARAMETERS = 200
MOST_NAMES = 500
"""Of one parameter that lists attributes."""

LONGEST_TEXT = 40_000
"""Characters of a parameter that is a text."""

LONGEST_TAG = 256
"""Characters of what is put around every word that is marked."""

LONGEST_PARAMS = 200_000
"""Characters of the URL-encoded form."""

Reader = Callable[[str, Any], Any]
"""Name and given value → value; raises BadInput."""

_TRUE, _FALSE = ("true", "1"), ("false", "0", "")


def decoded(params: Any) -> dict[str, Any]:
    """The URL-encoded form ``query=red+shoes&page=2``; a leading question mark is let pass."""
    if not isinstance(params, str) or len(params) > LONGEST_PARAMS:
        found = f"{len(params)}" if isinstance(params, str) else type(params).__name__
        expected = f"params as a text of at most {LONGEST_PARAMS} characters"
        raise BadInput(expected, found, "Send the parameters as fields of the JSON body.")
    try:
        pairs = parse_qsl(
            params.removeprefix("?"), keep_blank_values=True, max_num_fields=MOST_PARAMETERS
        )
    except ValueError as error:
        raise BadInput("params in URL encoding", str(error), "Send a JSON body.") from None
    return dict(pairs)


def text(name: str, given: Any) -> str:
    if isinstance(given, int | float) and not isinstance(given, bool):
        return str(given)
    if not isinstance(given, str):
        raise _wrong(name, "a text", given)
    return given


def at_most(longest: int) -> Reader:
    """A text that is no longer than so many characters."""

    def read(name: str, given: Any) -> str:
        found = text(name, given)
        if len(found) > longest:
            raise BadInput(f"{name} of at most {longest} characters", str(len(found)), "Cut it.")
        return found

    return read


def flag(name: str, given: Any) -> bool:
    if isinstance(given, bool):
        return given
    if str(given).lower() in _TRUE:
        return True
    if isinstance(given, str | int) and str(given).lower() in _FALSE:
        return False
    raise _wrong(name, "true or false", given)


def whole(low: int, high: int) -> Reader:
    """A whole number within bounds; one that is greater counts as ``high``, as at Algolia."""

    def read(name: str, given: Any) -> int:
        plain = given if isinstance(given, int) and not isinstance(given, bool) else None
        if isinstance(given, str) and len(given) < 20 and given.strip().isdecimal():
            plain = int(given)
        if plain is None or plain < low:
            raise _wrong(name, f"a whole number from {low}", given)
        return min(plain, high)

    return read


def names(name: str, given: Any) -> tuple[str, ...]:
    """A list of texts; as text it is JSON, or separated by commas."""
    found = listed(name, given)
    if isinstance(found, str):
        found = found.split(",")
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise _wrong(name, "a list of texts", given)
    if len(found) > MOST_NAMES:
        raise _wrong(name, f"a list of at most {MOST_NAMES} texts", len(found))
    return tuple(each.strip() for each in found if each.strip())


def listed(name: str, given: Any) -> Any:
    """A text that is a JSON list, as this list; anything else as it is."""
    if not isinstance(given, str) or not given.lstrip().startswith("["):
        return given
    try:
        return orjson.loads(given)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"{name} as a JSON list", str(error), "Send valid JSON.") from None


def one_of(*known: str) -> Reader:
    def read(name: str, given: Any) -> str:
        if given not in known:
            raise _wrong(name, f"one of {', '.join(known)}", given)
        return str(given)

    return read


def cards(name: str, given: Any) -> bool:
    """``distinct``: a flag, or how many items of a group are shown; more than one counts as
    one card a group, too."""
    if isinstance(given, int | str) and str(given).isdecimal() and len(str(given)) < 20:
        return int(given) > 0
    return flag(name, given)


def _wrong(name: str, expected: str, given: Any) -> BadInput:
    shown = given if isinstance(given, str | int | float) else type(given).__name__
    found = repr(shown[:200] if isinstance(shown, str) else shown)[:300]
    return BadInput(f"{name} as {expected}", found, "See Algolia's API parameters.")
