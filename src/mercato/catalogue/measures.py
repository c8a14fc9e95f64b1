"""Amounts: ``18V``, ``18-Volt`` and ``18 volts`` are the same word, and so are ``2x4`` and
``2 x 4``.

Measured on 2,000 queries of Home Depot (nDCG@10, hybrid): .416 without, .425 with. Reading
``1-1/2`` as one number instead of two costs .004 of it.
"""

import re
from collections.abc import Iterator

from mercato.core.units import UNIT_OF

_NUMBER = r"[0-9]+(?:[./][0-9]+)*"
_UNIT = "|".join(map(re.escape, sorted(UNIT_OF, key=len, reverse=True)))
_AMOUNT = re.compile(rf"(?<![\w./])({_NUMBER})[\s-]*({_UNIT})(?!\w)\.?")
_ONE_SIDE = rf"{_NUMBER}(?:[\s-]*(?:{_UNIT})(?!\w)\.?)?"
_SIZE = re.compile(rf"(?<![\w./]){_ONE_SIDE}(?:\s*x\s*{_ONE_SIDE})+(?!\w)")
_TIMES = re.compile(r"\s*x\s*(?=[0-9])")
_MAYBE_SIZE = re.compile(r"x\s*[0-9]")


def without_times(text: str) -> str:
    """A folded text whose sizes like ``2x4`` stand as numbers side by side."""
    if not _MAYBE_SIZE.search(text):
        return text
    return _SIZE.sub(lambda size: _TIMES.sub(" ", size.group()), text)


def amounts(text: str) -> Iterator[tuple[str, str, str]]:
    """Cut a folded text at its amounts: (text before, number, unit), and last (text, "", "")."""
    at = 0
    for match in _AMOUNT.finditer(text):
        yield text[at : match.start()], match[1], UNIT_OF[match[2]]
        at = match.end()
    yield text[at:], "", ""
