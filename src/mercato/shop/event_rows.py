"""One event as it was sent, GA4-shaped, into the lines that are stored.

The fields are read as an import of a file reads them (`data.assets.events`), value by value and
not by column: at ten thousand events a second there is no time to make columns of each batch.
"""

import hashlib
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

from mercato.core import columns as c
from mercato.core.columns import Event
from mercato.core.errors import BadInput
from mercato.core.events import EventRow
from mercato.data.assets.events import LONGEST_ID
from mercato.data.casts import attributes_json, spaced
from mercato.data.currencies import CURRENCIES

MOST_ITEMS = 200
"""Items of one event, GA4's limit
(https://developers.google.com/analytics/devguides/collection/ga4/reference/events)."""

LONGEST_TEXT = 2_000
"""Characters of a search term."""

LONGEST_ATTRIBUTES = 8_192
"""Characters of a line's attributes, as JSON."""

AHEAD_MICROSECONDS = 86_400_000_000
"""So far ahead a sender's clock may be: one day. A wrong year would else age the whole shop."""

ITEMS = "items"
INDEX = "index"
"""GA4's name for an item's position."""

_LARGEST_INTEGER = 2**31 - 1
_OF_EVENT = frozenset(c.EVENT_COLUMNS) | {ITEMS, INDEX}
_OF_ITEM = frozenset((c.ITEM_ID, c.QUANTITY, c.PRICE, c.POSITION, c.COUPON, c.ATTRIBUTES, INDEX))


_EVENTS = frozenset(map(str, Event))


def event_rows(sent: object, now: int) -> list[EventRow]:
    """The lines of one event: one for each of its items, or a single one.

    now : microseconds since 1970 UTC, the time of events that name none

    An event without an ``event_id`` is named by the hash of what it says, as an import does; it
    must then have a ``ts``. Fields that have no column go to ``attributes``. Raises BadInput.
    """
    try:
        return _rows(sent, now)
    except orjson.JSONEncodeError as error:  # what was read nests deeper than can be written
        raise BadInput("an event of flat fields", str(error), "Do not nest so deeply.") from None


def _rows(sent: object, now: int) -> list[EventRow]:
    if not isinstance(sent, dict):
        raise _bad("an event as a JSON object", sent, "Send one object, or a list of objects.")
    shared = _shared(sent, now)
    further = _further(sent, _OF_EVENT)
    items = sent.get(ITEMS)
    if items is None or items == []:
        first = _count(sent, c.LINE) or 0
        return [_line(shared, first, sent, _identifier(sent, c.ITEM_ID), further)]
    if not isinstance(items, list) or len(items) > MOST_ITEMS:
        found = f"{len(items)} items" if isinstance(items, list) else items
        raise _bad(f"items as a list of at most {MOST_ITEMS}", found, "Split the event.")
    return [_item_line(shared, line, item, further) for line, item in enumerate(items)]


def _shared(sent: Mapping[str, Any], now: int) -> EventRow:
    """What all lines of an event share, as a line without an item."""
    event = sent.get(c.EVENT)
    ts = sent.get(c.TS)
    return EventRow(
        _identifier(sent, c.EVENT_ID) or _hash(sent, ts),
        0,
        now if ts is None else _moment(ts, now),
        event if event.__class__ is str and event in _EVENTS else _event(event),
        _identifier(sent, c.USER_ID),
        _identifier(sent, c.VISITOR_ID),
        _identifier(sent, c.SESSION_ID),
        None,
        None,
        None,
        _currency(sent.get(c.CURRENCY)),
        _number(sent, c.VALUE, least=-math.inf),
        _text(sent, c.SEARCH_TERM, LONGEST_TEXT),
        _identifier(sent, c.QUERY_ID),
        _identifier(sent, c.PLACEMENT),
        None,
        _identifier(sent, c.COUPON),
        _identifier(sent, c.TRANSACTION_ID),
        _identifier(sent, c.CHANNEL),
        None,
    )


def _item_line(shared: EventRow, line: int, item: object, further: dict[str, Any]) -> EventRow:
    """The line of one of an event's items."""
    if not isinstance(item, dict):
        raise _bad("each of items as a JSON object", item, 'Send {"item_id": "…"}.')
    item_id = _identifier(item, c.ITEM_ID)
    if item_id is None:
        raise _bad("an item_id in each of items", item, 'Send {"item_id": "…"}.')
    own = _further(item, _OF_ITEM)
    return _line(shared, line, item, item_id, {**further, **own} if own else further)


def _line(
    shared: EventRow,
    line: int,
    fields: Mapping[str, Any],
    item_id: str | None,
    further: dict[str, Any],
) -> EventRow:
    """The line whose item's quantity, price and place stand in ``fields``."""
    position = _count(fields, c.POSITION)
    return EventRow(
        shared[0],
        line,
        *shared[2:7],
        item_id,
        _number(fields, c.QUANTITY),
        _number(fields, c.PRICE),
        *shared[10:15],
        _count(fields, INDEX) if position is None else position,
        _identifier(fields, c.COUPON) or shared.coupon,
        shared.transaction_id,
        shared.channel,
        _attributes(further) if further else None,
    )


def _further(fields: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """The fields that have no column, and what was given as attributes."""
    if fields.keys() <= known and c.ATTRIBUTES not in fields:
        return {}
    given = fields.get(c.ATTRIBUTES)
    if given is not None and not isinstance(given, dict):
        raise _bad("attributes as a JSON object", given, 'Send {"name": "value"}.')
    own = {name: value for name, value in fields.items() if name not in known}
    return {**(given or {}), **own}


def _attributes(further: dict[str, Any]) -> str | None:
    found = attributes_json(further)
    if found is not None and len(found) > LONGEST_ATTRIBUTES:
        raise _bad(
            f"at most {LONGEST_ATTRIBUTES} characters of attributes",
            f"{len(found)}",
            "Send less beside the named fields.",
        )
    return found


def _identifier(fields: Mapping[str, Any], name: str) -> str | None:
    """An id as trimmed text; None where it is absent or empty."""
    return _text(fields, name, LONGEST_ID)


def _text(fields: Mapping[str, Any], name: str, longest: int) -> str | None:
    found = fields.get(name)
    if found is None:
        return None
    if found.__class__ is not str:
        if found.__class__ is not int:
            raise _bad(f"{name} as text", found, "Put it in quotes.")
        found = str(found)
    found = found.strip()
    if len(found) > longest or "\x00" in found:
        raise _bad(
            f"{name} of at most {longest} characters, none of them NUL", found, "Shorten it."
        )
    return found or None


def _number(fields: Mapping[str, Any], name: str, *, least: float = 0.0) -> float | None:
    """A finite number of at least ``least``; None where it is absent."""
    found = fields.get(name)
    if found is None or found == "":
        return None
    try:
        number = math.nan if isinstance(found, bool | list | dict) else float(found)
    except ValueError:
        number = math.nan
    if math.isfinite(number) and number >= least:
        return number
    bound = " of at least 0" if least == 0 else ""
    raise _bad(f"{name} as a number{bound}", found, "Write it plainly, such as 12.5.")


def _count(fields: Mapping[str, Any], name: str) -> int | None:
    """A whole number from 0; None where it is absent."""
    number = _number(fields, name)
    if number is None:
        return None
    if number.is_integer() and number <= _LARGEST_INTEGER:
        return int(number)
    raise _bad(f"{name} as a whole number", fields[name], "Count without fractions.")


@lru_cache(maxsize=256)
def _event_named(text: str) -> str | None:
    name = spaced(text)
    return name if name in _EVENTS else None


def _event(found: object) -> str:
    name = _event_named(found) if isinstance(found, str) and len(found) <= LONGEST_ID else None
    if name is None:
        raise _bad(f"event as one of {', '.join(Event)}", found, "Rename it at the sender.")
    return name


def _currency(found: object) -> str | None:
    if found is None:
        return None
    code = found.strip().upper() if isinstance(found, str) else ""
    if code in CURRENCIES:
        return code
    if found == "":
        return None
    raise _bad("currency as an ISO 4217 code such as USD", found, "Write the currency's code.")


def _moment(found: object, now: int) -> int:
    """Microseconds since 1970 UTC, of ISO 8601 (no zone: UTC) or of an epoch."""
    moment: int | None = None
    if isinstance(found, str):
        moment = _iso(found) if found[4:5] == "-" else _epoch_text(found)
    elif isinstance(found, int | float) and not isinstance(found, bool):
        moment = _epoch(found)
    if moment is None or not 0 <= moment <= now + AHEAD_MICROSECONDS:
        raise _bad(
            "ts as a time such as 2026-05-01T12:00:00Z or an epoch, at most a day from now",
            found,
            "Write it as ISO 8601 and see that the sender's clock is right.",
        )
    return moment


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _iso(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MICROSECOND


def _epoch_text(text: str) -> int | None:
    try:
        return _epoch(float(text))
    except ValueError:
        return None


def _epoch(value: float) -> int | None:
    """An epoch in s, ms, µs or ns, told apart by its size as in `data.casts.moments`."""
    if not math.isfinite(value):
        return None
    size = abs(value)
    for limit, factor in ((1e11, 1_000_000), (1e14, 1_000), (1e17, 1)):
        if size < limit:
            return round(value * factor)
    return round(value / 1_000)


def _hash(sent: Mapping[str, Any], ts: object) -> str:
    if ts is None:
        raise _bad(
            "an event_id, or at least a ts",
            "neither",
            "Send an id of your own that stays the same when the event is sent again.",
        )
    text = orjson.dumps(sent, option=orjson.OPT_SORT_KEYS)
    return f"row-{hashlib.sha256(text).hexdigest()[:32]}"


def _bad(expected: str, found: object, remedy: str) -> BadInput:
    shown = found if isinstance(found, str) else orjson.dumps(found).decode()
    return BadInput(expected, shown if len(shown) <= 80 else f"{shown[:80]}…", remedy)
