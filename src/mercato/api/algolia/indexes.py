"""Names of indexes. A shop is one index, under whatever name; the replicas of a front end that
sorts by something are told by the end of their names: ``products_price_asc``."""

import re

import numpy as np

from mercato.api.algolia.attributes import Attributes
from mercato.core.errors import NotFound

LONGEST_NAME = 256
"""Characters."""

_SORTED = re.compile(r"(?P<rest>.+)[-_/.:](?P<direction>asc|desc)", re.DOTALL)
_PARTS = re.compile(r"[-_/.:]")


def sort_of(index: str, attributes: Attributes) -> str | None:
    """What an index is sorted by, as ``price:asc``; None for the best match first.

    Raises NotFound where the name says a direction, and no field of numbers before it.
    """
    if not 0 < len(index) <= LONGEST_NAME:
        raise NotFound(
            f"an index with a name of 1 to {LONGEST_NAME} characters",
            f"index {index[:LONGEST_NAME]!r} does not exist",
            "Name it as you like.",
        )
    match = _SORTED.fullmatch(index)
    if match is None:
        return None
    rest = match["rest"]
    starts = [0, *(part.end() for part in _PARTS.finditer(rest))]
    for name in (rest[start:] for start in starts):  # the longest name first
        meaning = attributes.meaning(name)
        if meaning is not None and _has_numbers(meaning.field, attributes):
            return f"{meaning.field}:{match['direction']}"
    raise NotFound(
        "an index that ends in a field of numbers and _asc or _desc",
        f"index {index!r} does not exist",
        "Name it like products_price_asc.",
    )


def _has_numbers(field: str, attributes: Attributes) -> bool:
    return not np.isnan(attributes.columns[field].numbers).all()
