"""Fields of one GA4-shaped event as values of our columns, in plain Python for single events.

What each reader accepts is what the columns' casts accept over whole files.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from mercato.core import columns as c
from mercato.core.columns import Event
from mercato.data.assets.events import EVENTS
from mercato.data.casts import EPOCH_STEPS, MOST_MICROSECONDS, spaced
from mercato.data.checks import ROW_CHECKS, Check

CHECKS: Mapping[str, Check] = {check.name: check for check in (*ROW_CHECKS, *EVENTS.checks)}


class Refused(Exception):
    """Ends the reading of one event: the check that it failed, and what it said."""

    def __init__(self, check: str, value: object) -> None:
        self.check = CHECKS[check]
        self.value = None if value is None else str(value)[:200]
        super().__init__(check)


_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def _text(name: str, value: object) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else str(value)


_EVENTS = {str(event): str(event) for event in Event}
"""Plain texts for members of the enumeration too."""


def _event(name: str, value: object) -> str | None:
    if isinstance(value, str) and (known := _EVENTS.get(value)):
        return known
    found = _text(name, value)
    return None if found is None else spaced(found)


def _number(name: str, value: object) -> float | None:
    if type(value) is float and math.isfinite(value):
        return value
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return None
        if not _NUMBER.fullmatch(value):
            raise Refused(f"{name}-readable", value)
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Refused(f"{name}-readable", value)
    return float(value)


def _whole(name: str, value: object) -> int | None:
    if type(value) is int and abs(value) < 2**31:
        return value
    number = _number(name, value)
    if number is None:
        return None
    if not number.is_integer() or abs(number) >= 2**31:
        raise Refused(f"{name}-readable", value)
    return int(number)


def _currency(name: str, value: object) -> str | None:
    found = _text(name, value)
    return None if found is None else found.upper()


def _moment(name: str, value: object) -> int | None:
    """Microseconds since 1970."""
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return None
        if not _NUMBER.fullmatch(value):
            return _iso(value)
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused("ts-readable", value)
    factor = next((factor for below, factor in EPOCH_STEPS if abs(value) < below), math.nan)
    found = value * factor
    if not abs(found) < MOST_MICROSECONDS:
        raise Refused("ts-readable", value)
    return round(found)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _iso(value: str) -> int:
    try:
        found = datetime.fromisoformat(value.removesuffix(" UTC"))
    except ValueError:
        raise Refused("ts-readable", value) from None
    since = (found if found.tzinfo else found.replace(tzinfo=UTC)) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


Reader = Callable[[str, Any], Any]

READERS: Mapping[str, Reader] = dict.fromkeys(c.EVENT_COLUMNS, _text) | {
    c.TS: _moment,
    c.EVENT: _event,
    c.LINE: _whole,
    c.POSITION: _whole,
    c.QUANTITY: _number,
    c.PRICE: _number,
    c.VALUE: _number,
    c.CURRENCY: _currency,
}
"""Reads the value of a column; None stays None. Raises Refused."""
