"""Times in other forms than ISO 8601 and epochs, where they leave no doubt.

What a text means is worked out in two moves: a pattern names its parts, then the parts are written
as ISO 8601 and read as such, so that the 31st of February is nobody's date.
"""

import re
from collections.abc import Iterable
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from mercato.core.errors import BadInput
from mercato.data.casts import MOMENT, is_text, moments, text
from mercato.data.checks import Rows
from mercato.data.cleaning.step import Cleaning, CleaningContext, Outcome
from mercato.data.cleaning.texts import some

_NONE = pa.scalar(None, pa.string())
_ZONE = r"(?P<z>Z|UTC|GMT|[+-]\d{2}:?\d{2})"
_TIME = (
    r"(?:,?[ T]+(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2}(?:[.,]\d{1,6})?))?"
    rf"(?: ?(?P<p>[AaPp]\.?[Mm]\.?))?(?: ?{_ZONE})?)?"
)
_FIRST_SECOND = rf"^(?P<a>\d{{1,2}})[/-](?P<b>\d{{1,2}})[/-](?P<Y>\d{{4}}){_TIME}$"
"""``31/12/2026`` or ``12/31/2026``: which part is the day, only the whole column can tell."""

_WEEKDAY = r"(?:\p{L}{2,9}\.?,? )?"
_PLAIN_FORMS = (
    rf"^(?P<d>\d{{1,2}})\.(?P<m>\d{{1,2}})\.(?P<Y>\d{{4}}){_TIME}$",
    rf"^(?P<Y>\d{{4}})[/.](?P<m>\d{{1,2}})[/.](?P<d>\d{{1,2}}){_TIME}$",
    rf"^{_WEEKDAY}(?P<d>\d{{1,2}})[ -](?P<b>\p{{L}}{{3,9}})\.?[ -](?P<Y>\d{{4}}){_TIME}$",
    rf"^{_WEEKDAY}(?P<b>\p{{L}}{{3,9}})\.? (?P<d>\d{{1,2}}),? (?P<Y>\d{{4}}){_TIME}$",
)
"""Dots are only written with the day in front (CLDR has no locale with MM.DD.YYYY), the year in
front is always followed by the month; RFC 2822 §3.3; ``Dec 31, 2026``."""

_COMPACT = (
    r"^(?P<Y>(?:19|20)\d{2})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])"
    rf"(?:[T ]?(?P<H>[01]\d|2[0-3])(?P<M>[0-5]\d)(?P<S>[0-5]\d){_ZONE}?)?$"
)
"""Of 8 or 14 digits; as epochs they would lie in 1970 or after 2600."""

_MONTHS = pa.array("jan feb mar apr may jun jul aug sep oct nov dec".split())

_DIRECTIVES = {
    "%d": r"(?P<d>\d{1,2})",
    "%m": r"(?P<m>\d{1,2})",
    "%Y": r"(?P<Y>\d{4})",
    "%y": r"(?P<y>\d{2})",
    "%H": r"(?P<H>\d{1,2})",
    "%I": r"(?P<H>\d{1,2})",
    "%M": r"(?P<M>\d{1,2})",
    "%S": r"(?P<S>\d{1,2}(?:[.,]\d{1,6})?)",
    "%p": r"(?P<p>[AaPp]\.?[Mm]\.?)",
    "%b": r"(?P<b>\p{L}{3,9})\.?",
    "%B": r"(?P<b>\p{L}{3,9})",
    "%a": r"\p{L}{2,9}\.?",
    "%A": r"\p{L}{3,12}",
    "%z": _ZONE,
    "%%": "%",
}
"""strptime's directives (Python's ``datetime``); seconds may have a fraction."""


def other_dates(column: str) -> Cleaning:
    """What the cast did not understand, and what it takes for an epoch though it is a date."""

    def apply(rows: Rows, context: CleaningContext) -> Outcome | None:
        written = rows.raw.get(column)
        if written is None or not (is_text(written.type) or pa.types.is_integer(written.type)):
            return None
        texts, read = text(written), rows.typed[column]
        if context.date_format is not None:
            found = _moments(texts, pattern_of(context.date_format))
        else:
            compact = _moments(texts, _COMPACT)
            unread = pc.if_else(pc.is_valid(read), _NONE, texts)
            found = pc.coalesce(compact, _undoubted(unread, context, column))
        if found.null_count == len(found):
            return None
        return Outcome({column: pc.coalesce(found, read)}, noted=pc.is_valid(found))

    return Cleaning(
        "date-formats",
        (column,),
        "Times such as `31.12.2026 13:00`, `2026/12/31`, `20261231`, `Thu, 31 Dec 2026 13:00:00 "
        "+0100` and `Dec 31, 2026` are read; `31/12/2026` only where the whole source leaves no "
        "doubt which part is the day, or with `--date-format`.",
        apply,
    )


def _undoubted(texts: pa.StringArray, context: CleaningContext, column: str) -> pa.Array:
    """timestamp[us, UTC]; null where a text is no date, or may be two."""
    found = pa.nulls(len(texts), MOMENT)
    if texts.null_count == len(texts):
        return found
    for pattern in _PLAIN_FORMS:
        found = pc.coalesce(found, _moments(texts, pattern))
    if some(texts, _FIRST_SECOND):
        day_first = context.day_first(column)
        if day_first is not None:
            found = pc.coalesce(found, _moments(texts, _ordered(day_first)))
    return found


def _ordered(day_first: bool) -> str:
    names = ("d", "m") if day_first else ("m", "d")
    return _FIRST_SECOND.replace("<a>", f"<{names[0]}>").replace("<b>", f"<{names[1]}>")


def day_first(columns: Iterable[pa.Array]) -> bool | None:
    """Whether the day stands first in the dates like ``01/02/2026`` of one source, given in
    parts: one number above 12 decides. None where there is none, or one in either place."""
    first = second = False
    for column in columns:
        if not is_text(column.type):
            continue
        parts = pc.extract_regex(text(column), _FIRST_SECOND)
        for name in ("a", "b"):
            numbers = pc.struct_field(parts, name).drop_null().cast(pa.int32())
            beyond = bool(pc.any(pc.greater(numbers, 12)).as_py())
            first, second = first or (beyond and name == "a"), second or (beyond and name == "b")
    return first if first != second else None


@cache
def pattern_of(date_format: str) -> str:
    """The regular expression of a strptime format.

    Raises BadInput for a directive that is not known, or where year, month or day is missing.
    """
    parts = re.split(r"(%.)", date_format)
    unknown = [part for part in parts if part.startswith("%") and part not in _DIRECTIVES]
    whole = "".join(_DIRECTIVES.get(part) or re.escape(part) for part in parts)
    names = re.findall(r"\(\?P<(\w)>", whole)
    complete = {"d"} <= set(names) and {"m", "b"} & set(names) and {"Y", "y"} & set(names)
    if unknown or not complete or len(set(names)) < len(names):
        raise BadInput(
            "a date format with day, month and year once each, out of " + " ".join(_DIRECTIVES),
            repr(date_format),
            "Write it as in --date-format '%d/%m/%Y %H:%M'.",
        )
    return f"^{whole}$"


def _moments(texts: pa.StringArray, pattern: str) -> pa.Array:
    """timestamp[us, UTC] of the texts that the pattern describes; no zone: as if in UTC."""
    if not some(texts, pattern):
        return pa.nulls(len(texts), MOMENT)
    parts = pc.extract_regex(texts, pattern)
    part = {field.name: _filled(pc.struct_field(parts, field.name)) for field in parts.type}
    year = part["Y"] if "Y" in part else _with_century(part["y"])
    month = part["m"] if "m" in part else _month(part["b"])
    nothing = pa.nulls(len(texts), pa.string())
    hour = _hour(part.get("H", nothing), part.get("p", nothing))
    clock = [_two(pc.fill_null(each, "0")) for each in (hour, part.get("M", nothing))]
    seconds = pc.replace_substring(pc.fill_null(part.get("S", nothing), "00"), ",", ".")
    seconds = pc.if_else(
        pc.match_substring_regex(seconds, r"^\d(\.|$)"),
        pc.binary_join_element_wise("0", seconds, ""),
        seconds,
    )
    zone = pc.replace_substring_regex(pc.fill_null(part.get("z", nothing), "Z"), "UTC|GMT", "Z")
    day = pc.binary_join_element_wise(year, _two(month), _two(part["d"]), "-")
    time = pc.binary_join_element_wise(*clock, seconds, ":")
    return moments(pc.binary_join_element_wise(day, "T", time, zone, ""))


def _filled(texts: pa.StringArray) -> pa.StringArray:
    """Groups that took no part come as empty texts."""
    return pc.if_else(pc.equal(texts, ""), _NONE, texts)


def _two(digits: pa.StringArray) -> pa.StringArray:
    return pc.utf8_lpad(digits, 2, "0")


def _with_century(year: pa.StringArray) -> pa.StringArray:
    """POSIX: 69 to 99 are of the 20th century, 00 to 68 of the 21st."""
    century = pc.if_else(pc.greater_equal(year, "69"), "19", "20")
    return pc.binary_join_element_wise(century, year, "")


def _month(name: pa.StringArray) -> pa.StringArray:
    """By its first three letters in English, as RFC 2822 writes them; others are no month."""
    place = pc.index_in(pc.utf8_slice_codeunits(pc.utf8_lower(name), 0, 3), value_set=_MONTHS)
    return pc.add(place, 1).cast(pa.string())


def _hour(hour: pa.StringArray, half: pa.StringArray) -> pa.StringArray:
    """``12 AM`` is 0, ``12 PM`` 12; ``13 PM`` is no hour."""
    if half.null_count == len(half):
        return hour
    number = hour.cast(pa.int32())
    later = pc.starts_with(pc.utf8_lower(half), "p")
    of_day = pc.add(pc.if_else(pc.equal(number, 12), 0, number), pc.if_else(later, 12, 0))
    fits = pc.and_(pc.greater(number, 0), pc.less_equal(number, 12))
    of_day = pc.if_else(fits, of_day, 99)
    return pc.if_else(pc.is_valid(half), of_day.cast(pa.string()), hour)
