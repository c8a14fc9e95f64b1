"""What an item can be filtered and counted by: its fields as short texts and numbers."""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from unicodedata import normalize

from mercato.catalogue.texts import category_levels
from mercato.core import columns as c

UNFILTERED = frozenset({c.TITLE, c.DESCRIPTION, c.LINK, c.IMAGE_LINK, c.ATTRIBUTES})
"""Item columns that hold prose or addresses: searched or shown, never filtered by."""

STANDARD_FIELDS = tuple(name for name in c.ITEM_COLUMNS if name not in UNFILTERED)
"""Fields that every shop may name in a filter, whether or not an item has them."""


class Value(NamedTuple):
    """One value of one field of an item; ``number`` is NaN where the text is not a number."""

    field: str
    text: str
    number: float


def key_of(text: str) -> str:
    """What two spellings of the same value have in common: no case, single spaces."""
    return " ".join((text if text.isascii() else normalize("NFKC", text)).casefold().split())


def number_text(number: float) -> str:
    """The one spelling of a number: ``10``, ``49.95``."""
    whole = int(number) if abs(number) < 1e15 else None
    return str(whole) if whole == number else repr(float(number))


def number_of(text: str) -> float:
    """The number that a text spells in digits, else NaN: ``inf`` and ``1_0`` are no numbers."""
    if not text or "_" in text or text.strip("+-.0123456789eE"):
        return math.nan
    try:
        number = float(text)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def moment_of(text: str) -> float:
    """Seconds since 1970 UTC of an ISO 8601 date or time, else NaN."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return math.nan
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def values_of(item: Mapping[str, Any]) -> Iterator[Value]:
    """Every value of every field of a canonical item, levels of its category each for itself.

    Attributes with the name of a standard field stand beside that field's own values.
    """
    for name in STANDARD_FIELDS:
        value = item.get(name)
        if value is None or name == c.ID:
            continue
        if name == c.PRODUCT_TYPE:
            yield from (Value(name, level, math.nan) for level in category_levels(value))
        elif name == c.CREATED_AT:
            yield Value(name, str(value), moment_of(str(value)))
        else:
            yield from _spelled(name, value)
    for name, value in (item.get(c.ATTRIBUTES) or {}).items():
        for each in value if isinstance(value, list | tuple) else (value,):
            yield from _spelled(name, each)


def _spelled(name: str, value: Any) -> Iterator[Value]:
    if isinstance(value, bool):
        yield Value(name, "true" if value else "false", math.nan)
    elif isinstance(value, int | float):
        if math.isfinite(value):
            yield Value(name, number_text(value), float(value))
    elif isinstance(value, str) and (text := " ".join(value.split())):
        yield Value(name, text, number_of(text))
