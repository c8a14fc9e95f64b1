"""Measures in one notation: ``0,5L`` is ``0.5 l``, ``12x330ML`` is ``12 x 330 ml``."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from mercato.core import columns as c
from mercato.core.units import SYMBOLS
from mercato.data.cleaning.step import Cleaning
from mercato.data.cleaning.texts import by_distinct, over

_NUMBER = r"\d+(?:[.,]\d+)*"
_UNIT = "|".join(map(re.escape, sorted(SYMBOLS, key=len, reverse=True)))
_TIMES = r"\s*[x×*]\s*"
_MEASURE = rf"(?:{_NUMBER}{_TIMES}){{0,3}}{_NUMBER}[\s-]*(?:{_UNIT})\.?"
_WHOLE = rf"(?i)^{_MEASURE}$"
_AS_ATTRIBUTE = rf'(?i):"({_MEASURE})"'
"""The whole value of an attribute; attributes are JSON."""

_PARTS = re.compile(rf"(?i)^((?:{_NUMBER}{_TIMES})*)({_NUMBER})[\s-]*({_UNIT})\.?$")
_ATTRIBUTES = re.compile(_AS_ATTRIBUTE)
_SHOE_WIDTHS = frozenset("MG")
"""``10 M`` is a shoe's length and width, not ten metres."""


def one_notation() -> Cleaning:
    return Cleaning(
        "measures",
        (c.SIZE,),
        "A measure such as `0,5L`, `500 ML` or `12x330 ml` is written `0.5 l`, `500 ml`, "
        "`12 x 330 ml`; sizes such as `XL`, `42` or `10 M` stay.",
        over((c.SIZE,), _sizes),
    )


def _sizes(texts: pa.StringArray) -> pa.StringArray:
    return by_distinct(texts, pc.match_substring_regex(texts, _WHOLE), written)


def one_notation_in_attributes() -> Cleaning:
    return Cleaning(
        "measures-in-attributes",
        (c.ATTRIBUTES,),
        "The same for attributes whose whole value is a measure.",
        over((c.ATTRIBUTES,), _attributes),
    )


def _attributes(texts: pa.StringArray) -> pa.StringArray:
    def change(attributes: str) -> str:
        return _ATTRIBUTES.sub(lambda found: f':"{written(found[1])}"', attributes)

    return by_distinct(texts, pc.match_substring_regex(texts, _AS_ATTRIBUTE), change)


def written(measure: str) -> str:
    """One measure in our notation; other texts as they are."""
    found = _PARTS.match(measure)
    if not found or found[3] in _SHOE_WIDTHS:
        return measure
    times = [_number(each) for each in re.split(_TIMES, found[1].strip()) if each]
    symbol = SYMBOLS[found[3].lower()]
    return " x ".join([*times, f"{_number(found[2])} {symbol}"])


def _number(digits: str) -> str:
    """A point before decimals, nothing between thousands: ``1,000`` is 1000, as with amounts."""
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", digits):
        return digits.replace(",", "")
    if re.fullmatch(r"\d{1,3}(\.\d{3})+,\d+", digits):
        digits = digits.replace(".", "")
    return digits.replace(",", ".") if digits.count(",") == 1 else digits
