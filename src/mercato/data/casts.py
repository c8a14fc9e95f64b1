"""From what feeds write to typed columns, vectorised: text, amounts, numbers, moments, JSON.

Every cast takes one Arrow array of any type and returns one of the same length; a value that
cannot be read becomes null, and the check ``readable`` of the asset then says so.
"""

import re
from collections.abc import Callable

import orjson
import pyarrow as pa
import pyarrow.compute as pc

MOMENT = pa.timestamp("us", "UTC")

_NO_TEXT = pa.scalar(None, pa.string())

Cast = Callable[[pa.Array], pa.Array]


def is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def text(raw: pa.Array) -> pa.Array:
    """Trimmed text; empty becomes null."""
    if pa.types.is_dictionary(raw.type):
        raw = raw.dictionary_decode()
    if not is_text(raw.type):
        return _as_text(raw)
    return _filled(pc.utf8_trim_whitespace(raw.cast(pa.string())))


def _filled(texts: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(texts, ""), _NO_TEXT, texts)


def _as_text(raw: pa.Array) -> pa.Array:
    if pa.types.is_floating(raw.type):
        whole = pc.equal(raw, pc.trunc(raw))
        short = pc.less(pc.abs(raw), 1e15)
        as_integer = pc.fill_null(pc.and_(whole, short), False)
        integers = pc.if_else(as_integer, raw, pa.scalar(None, raw.type)).cast(pa.int64())
        return pc.if_else(as_integer, integers.cast(pa.string()), raw.cast(pa.string()))
    if pa.types.is_nested(raw.type):
        plain = [
            None if each is None else orjson.dumps(each, default=str).decode()
            for each in raw.to_pylist()
        ]
        return pa.array(plain, pa.string())
    return raw.cast(pa.string())


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def numbers(raw: pa.Array) -> pa.Array:
    """float64; also of text such as ``12.5``; not a number and infinities become null."""
    if not _is_number(raw.type):
        raw = _cast_or_null(text(raw), pa.float64())
    values = raw.cast(pa.float64())
    return pc.if_else(pc.is_finite(values), values, pa.scalar(None, pa.float64()))


def integers(raw: pa.Array) -> pa.Array:
    """int32; a number with a fraction becomes null."""
    values = numbers(raw)
    fits = pc.and_(pc.equal(values, pc.trunc(values)), pc.less(pc.abs(values), 2.0**31))
    whole = pc.if_else(fits, values, pa.scalar(None, pa.float64()))
    return whole.cast(pa.int32())


_GROUPING = "[\\s'\u00a0\u202f\u2019]"
_AMOUNT = (
    r"^\s*(?P<before>\p{L}{2,3}|\p{L}{0,2}\p{Sc})?\s*"
    rf"(?P<number>[+-]?[.,]?\d(?:[\d.,]|{_GROUPING}\d{{3}})*)"
    rf"{_GROUPING}*(?P<after>\p{{L}}{{2,3}}|\p{{Sc}})?\s*$"
)
_PLAIN = r"^[+-]?(\d+\.?\d*|\.\d+)$"
_THOUSANDS_BY_COMMA = r"^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$"
_THOUSANDS_BY_POINT = r"^[+-]?\d{1,3}(\.\d{3})+,\d*$|^[+-]?\d{1,3}(\.\d{3}){2,}$"
_DECIMAL_COMMA = r"^[+-]?\d*,\d*$"
_CURRENCY_SIGNS = {"€": "EUR", "£": "GBP", "US$": "USD", "₹": "INR", "₩": "KRW", "zł": "PLN"}
"""Signs that name one currency; $ and ¥ are several."""


def amounts(raw: pa.Array) -> pa.Array:
    """Amounts as float64: ``15``, ``15.00 USD``, ``EUR 15,00``, ``$1,299.00``, ``1.299,00 €``.

    A single comma with three digits behind it separates thousands: ``1,299`` is 1299.
    """
    if not is_text(raw.type):
        return numbers(raw)
    try:
        return numbers(text(raw).cast(pa.float64()))
    except pa.ArrowInvalid:
        pass  # currencies, or separators of thousands, or no numbers at all
    number = pc.struct_field(pc.extract_regex(text(raw), _AMOUNT), "number")
    bare = pc.replace_substring_regex(number, _GROUPING, "")
    by_comma = pc.match_substring_regex(bare, _THOUSANDS_BY_COMMA)
    by_point = pc.match_substring_regex(bare, _THOUSANDS_BY_POINT)
    decimal_comma = pc.match_substring_regex(bare, _DECIMAL_COMMA)
    bare = pc.if_else(by_comma, pc.replace_substring(bare, ",", ""), bare)
    bare = pc.if_else(by_point, pc.replace_substring(bare, ".", ""), bare)
    to_point = pc.or_(by_point, pc.and_not(decimal_comma, by_comma))
    bare = pc.if_else(to_point, pc.replace_substring(bare, ",", "."), bare)
    plain = pc.match_substring_regex(bare, _PLAIN)
    return numbers(pc.if_else(plain, bare, _NO_TEXT))


def currency_of_amounts(raw: pa.Array) -> pa.Array:
    """The ISO 4217 code that stands beside each amount; null where none does."""
    if not is_text(raw.type):
        return pa.nulls(len(raw), pa.string())
    parts = pc.extract_regex(text(raw), _AMOUNT)
    beside = pc.coalesce(*(_filled(pc.struct_field(parts, part)) for part in ("before", "after")))
    signs = pa.array(list(_CURRENCY_SIGNS), pa.string())
    by_sign = pa.array(list(_CURRENCY_SIGNS.values())).take(pc.index_in(beside, value_set=signs))
    is_code = pc.match_substring_regex(beside, r"^[A-Za-z]{3}$")
    return pc.coalesce(by_sign, pc.if_else(is_code, pc.utf8_upper(beside), _NO_TEXT))


_EPOCH = r"^-?\d+(\.\d+)?$"
_ISO = (
    r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
    r"([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d+)?)?)?"
)
_ZONE = r":\d{2}[\d.,]* ?(Z|UTC|GMT|[+-]\d{2}(:?\d{2})?)$"


EPOCH_STEPS = ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0), (1e20, 1e-3))
"""Epochs below the first are to be multiplied by the second to become microseconds."""

MOST_MICROSECONDS = 2.5e17
"""Into the year 9892; Python's datetime ends in 9999."""


def moments(raw: pa.Array) -> pa.Array:
    """timestamp[us, UTC] of ISO 8601 (no zone: UTC) or of an epoch in s, ms, µs or ns.

    The unit of an epoch follows from its size: below 1e11 seconds, below 1e14 milliseconds,
    below 1e17 microseconds, else nanoseconds: right from 1973 to 5138.
    """
    if pa.types.is_timestamp(raw.type) or pa.types.is_date(raw.type):
        zone = None if pa.types.is_date(raw.type) else raw.type.tz
        wall = raw.cast(pa.timestamp("us", zone), safe=False)
        return wall.cast(MOMENT) if zone else pc.assume_timezone(wall, "UTC")
    if not is_text(raw.type):
        return _epochs(numbers(raw))
    raw = text(raw)
    as_epoch = pc.match_substring_regex(raw, _EPOCH)
    epochs = _epochs(numbers(pc.if_else(as_epoch, raw, _NO_TEXT)))
    return pc.coalesce(epochs, _iso(pc.if_else(as_epoch, _NO_TEXT, raw)))


def _epochs(values: pa.Array) -> pa.Array:
    size = pc.abs(values)
    below = [pc.less(size, most) for most, _ in EPOCH_STEPS]
    factor = pc.case_when(pc.make_struct(*below), *(scale for _, scale in EPOCH_STEPS))
    scaled = pc.round(pc.multiply(values, factor))
    fits = pc.less(pc.abs(scaled), MOST_MICROSECONDS)
    scaled = pc.if_else(fits, scaled, pa.scalar(None, pa.float64()))
    return scaled.cast(pa.int64()).cast(MOMENT)


def _iso(raw: pa.Array) -> pa.Array:
    raw = pc.if_else(pc.match_substring_regex(raw, _ISO), raw, _NO_TEXT)
    if raw.null_count == len(raw):
        return pa.nulls(len(raw), MOMENT)
    zoned = pc.match_substring_regex(raw, _ZONE)
    raw = pc.replace_substring_regex(raw, r" ?(UTC|GMT)$", "Z")
    raw = pc.replace_substring_regex(raw, r"[.,](\d{1,6})\d*", r".\1")
    with_zone = _cast_or_null(pc.if_else(zoned, raw, _NO_TEXT), MOMENT)
    wall = _cast_or_null(pc.if_else(zoned, _NO_TEXT, raw), pa.timestamp("us"))
    return pc.coalesce(with_zone, pc.assume_timezone(wall, "UTC"))


def json_objects(raw: pa.Array) -> pa.Array:
    """JSON objects with sorted keys, out of JSON text or structs; empty becomes null."""
    distinct = text(raw).dictionary_encode()
    canonical = [json_object(each) for each in distinct.dictionary.to_pylist()]
    return pa.array(canonical, pa.string()).take(distinct.indices)


def json_object(source: str) -> str | None:
    """The object in canonical form; None where it is none, is empty, or nests beyond measure."""
    try:
        found = orjson.loads(source)
        return attributes_json(found) if isinstance(found, dict) else None
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None


def attributes_json(fields: dict[str, object]) -> str | None:
    """Attributes as JSON with sorted keys: values are strings, numbers or lists of strings."""
    flat = {name: _attribute(value) for name, value in fields.items()}
    kept = {name: value for name, value in flat.items() if value not in (None, "", [])}
    return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS).decode() if kept else None


def _attribute(value: object) -> str | int | float | list[str] | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return [text for text in map(_attribute_text, value) if text]
    return _attribute_text(value)


def _attribute_text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    return "" if value is None else orjson.dumps(value, str, orjson.OPT_SORT_KEYS).decode()


def spaced(name: str) -> str:
    """``InStock`` as ``in_stock``, ``Image Link`` as ``image_link``."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[\s\-]+", "_", apart).lower()


def _cast_or_null(raw: pa.Array, kind: pa.DataType) -> pa.Array:
    """Cast what can be cast. Halves until the values that cannot are alone: k of them cost
    about k log n casts."""
    try:
        return raw.cast(kind)
    except pa.ArrowInvalid:
        if len(raw) == 1:
            return pa.nulls(1, kind)
        middle = len(raw) // 2
        halves = (_cast_or_null(raw[:middle], kind), _cast_or_null(raw[middle:], kind))
        return pa.concat_arrays(halves)
