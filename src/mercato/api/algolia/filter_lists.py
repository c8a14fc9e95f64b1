"""``facetFilters``, ``numericFilters`` and ``tagFilters``: lists in lists of conditions.

``["a:1", ["b:2", "c:3"]]`` is a:1 AND (b:2 OR c:3); a list one level deeper is joined by AND again.
The older form of the same is one text: ``a:1,(b:2,c:3)``.
"""

import re
from collections.abc import Callable
from typing import Any

from mercato.catalogue.filters import And, Filter, Or
from mercato.core.errors import BadInput

MOST_CONDITIONS = 1_000
DEEPEST = 3

_PARTS = re.compile(r"\(([^()]*)\)|([^,()]+)")


def joined(name: str, given: Any, read: Callable[[str], Filter]) -> Filter | None:
    """The filter that a list means; None for an empty one.

    name : of the parameter, for errors
    """
    return _Lists(name, read).conjunction(_split(name, given), 1)


class _Lists:
    def __init__(self, name: str, read: Callable[[str], Filter]) -> None:
        self._name = name
        self._read = read
        self._left = MOST_CONDITIONS

    def conjunction(self, given: list[Any], depth: int) -> Filter | None:
        return self._join(given, depth, And)

    def _join(self, given: list[Any], depth: int, join: type[And] | type[Or]) -> Filter | None:
        other = Or if join is And else And
        parts = [
            self._join(each, depth + 1, other)
            if isinstance(each, list) and depth < DEEPEST
            else self._one(each)
            for each in given
        ]
        kept = tuple(part for part in parts if part is not None)
        return join(kept) if len(kept) > 1 else next(iter(kept), None)

    def _one(self, given: Any) -> Filter | None:
        self._left -= 1
        if self._left < 0:
            raise BadInput(
                f"{self._name} of at most {MOST_CONDITIONS} conditions", "more", "Ask with fewer."
            )
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            raise BadInput(
                f"{self._name} as a list of texts, or of such lists",
                type(given).__name__,
                'Write it like ["a:1", ["b:2", "c:3"]].',
            )
        return self._read(str(given)) if str(given).strip() else None


def _split(name: str, given: Any) -> list[Any]:
    """A list as it stands; of a text ``a,(b,c)`` its parts."""
    if not isinstance(given, str):
        return given if isinstance(given, list) else [given]
    rest = _PARTS.sub("", given).replace(",", "").strip()
    if rest:
        raise BadInput(f"{name} with brackets in pairs", repr(given[:200]), "Send a list instead.")
    found: list[Any] = []
    for match in _PARTS.finditer(given):
        grouped, alone = match[1], match[2]
        found.append(alone if grouped is None else grouped.split(","))
    return found
