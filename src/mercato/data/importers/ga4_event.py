"""GA4-shaped event objects as our event rows: the one reading of them, for files and for the API.

An object is what GA4's clients send
(https://developers.google.com/analytics/devguides/collection/ga4/reference/events), one event a
piece: its parameters at the top, or under ``params`` or ``event_params`` in either of GA4's two
notations. Each entry of ``items`` is a row.
"""

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from mercato.core import columns as c
from mercato.core.events import EventRow
from mercato.data.assets.events import EVENTS, SCHEMA
from mercato.data.casts import attributes_json, json_object
from mercato.data.checks import Check, Rows, first_failures
from mercato.data.importers.ga4_fields import READERS, Refused

_OTHER_NAMES = {
    "name": c.EVENT,
    "event_name": c.EVENT,
    "timestamp_micros": c.TS,
    "event_timestamp": c.TS,
    "timestamp": c.TS,
    "client_id": c.VISITOR_ID,
    "user_pseudo_id": c.VISITOR_ID,
    "ga_session_id": c.SESSION_ID,
    "index": c.POSITION,
    "item_list_name": c.PLACEMENT,
    "item_list_id": c.PLACEMENT,
}
_OURS = {name: name for name in c.EVENT_COLUMNS} | _OTHER_NAMES
"""GA4's names beside ours; where both stand, ours counts."""

_OF_THE_EVENT = frozenset(
    (c.EVENT_ID, c.LINE, c.TS, c.EVENT, c.USER_ID, c.VISITOR_ID, c.SESSION_ID)
)
"""What an item of an event cannot say for itself; where it does, that is an attribute."""

_OF_A_LINE = (c.ITEM_ID, c.QUANTITY, c.PRICE, c.VALUE, c.POSITION, c.LINE)
"""What an event with items says in them, not for all of them."""

_LONGEST_VALUE = 200
"""Characters of a refused value that are repeated in the answer."""


@dataclass(frozen=True)
class Problem:
    """Why an event was refused: the check that it failed, and what it said."""

    check: Check
    value: str | None

    def __str__(self) -> str:
        return f"expected {self.check.expected}; found {self.value}. {self.check.remedy}"


@dataclass(frozen=True)
class ParsedEvents:
    """Rows of the good events, and what is wrong with the others.

    event_of_row : the position of each row's event among those given
    problems     : by the position of the event
    """

    rows: list[EventRow]
    event_of_row: list[int]
    problems: dict[int, Problem]


def parse_events(events: Sequence[object], received: int | None) -> ParsedEvents:
    """Read events; an event with a bad line is refused whole, the others stay.

    received : microseconds; the time of events that name none, which may lack an event_id too
               and get a random one. None (for files): such events are refused, and an event
               without event_id is named by the hash of what it says
    """
    rows: list[EventRow] = []
    event_of_row: list[int] = []
    problems: dict[int, Problem] = {}
    for position, event in enumerate(events):
        try:
            found = _rows(event, received)
        except Refused as refused:
            problems[position] = Problem(refused.check, refused.value)
            continue
        rows += found
        event_of_row += [position] * len(found)
    if rows:
        _check_values(rows, event_of_row, problems)
    if not problems:
        return ParsedEvents(rows, event_of_row, problems)
    kept = [at for at, position in enumerate(event_of_row) if position not in problems]
    return ParsedEvents([rows[at] for at in kept], [event_of_row[at] for at in kept], problems)


def payload_events(payload: object) -> Iterator[object]:
    """The events of one object: of a Measurement Protocol payload each of its ``events`` with
    the payload's own fields, of anything else itself."""
    events = payload.get("events") if isinstance(payload, dict) else None
    if not isinstance(payload, dict) or not isinstance(events, list):
        yield payload
        return
    shared = {name: value for name, value in payload.items() if name != "events"}
    for event in events:
        yield shared | event if isinstance(event, dict) else event


def columns_of(rows: Sequence[EventRow]) -> pa.RecordBatch:
    """Event rows as a batch of the asset ``events``."""
    columns = zip(*rows, strict=True) if rows else [()] * len(SCHEMA)
    arrays = [pa.array(values, kind) for values, kind in zip(columns, SCHEMA.types, strict=True)]
    return pa.record_batch(arrays, schema=SCHEMA)


def _check_values(
    rows: list[EventRow], event_of_row: list[int], problems: dict[int, Problem]
) -> None:
    """Run the asset's checks over all rows at once."""
    first = first_failures(Rows({}, columns_of(rows)), EVENTS.checks)
    if first.null_count == len(first):
        return
    for at in pc.indices_nonzero(pc.is_valid(first)).to_pylist():
        check = EVENTS.checks[first[at].as_py()]
        value = getattr(rows[at], check.column or c.EVENT_ID)
        shown = None if value is None else str(value)[:_LONGEST_VALUE]
        problems.setdefault(event_of_row[at], Problem(check, shown))


def _rows(event: object, received: int | None) -> list[EventRow]:
    if not isinstance(event, dict):
        raise Refused("row-object", event)
    shared, further = _parted(_flat(event))
    items = further.pop("items", None)
    if not shared.get(c.EVENT_ID):
        shared[c.EVENT_ID] = _content_id(event) if received is None else uuid.uuid4().hex
    if shared.get(c.TS) is None:
        shared[c.TS] = received
    shared.setdefault(c.EVENT, None)
    if not items:
        return [_row(shared, shared.get(c.LINE) or 0, further)]
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Refused("items-list", items)
    return _lines(items, shared, further)


def _lines(
    items: list[dict[str, Any]], shared: dict[str, Any], further: dict[str, Any]
) -> list[EventRow]:
    value = shared.get(c.VALUE)
    for name in _OF_A_LINE:
        shared.pop(name, None)
    if len(items) == 1:
        shared[c.VALUE] = value  # of several lines it is the sum, and none of theirs
    elif value is not None:
        further["event_value"] = value
    rows = []
    for line, item in enumerate(items):
        whole = {name for name in item if _OURS.get(name) in _OF_THE_EVENT}
        own, own_further = _parted({name: item[name] for name in item if name not in whole})
        own_further |= {name: item[name] for name in whole}
        rows.append(_row(shared | own, line, further | own_further))
    return rows


def _row(fields: dict[str, Any], line: int, further: dict[str, Any]) -> EventRow:
    fields[c.LINE] = line
    if further:
        fields[c.ATTRIBUTES] = attributes_json(further)
    return EventRow(**fields)


def _parted(fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What has a column of ours, read; and the rest, as attributes."""
    ours: dict[str, Any] = {}
    further: dict[str, Any] = {}
    for name, value in fields.items():
        column = _OURS.get(name)
        if column is None:
            further[name] = value
        elif value is None:
            continue
        elif column == c.ATTRIBUTES:
            further |= _attributes(value)
        elif name == column or column not in ours:
            ours[column] = READERS[column](column, value)
    return ours, further


def _attributes(value: object) -> dict[str, Any]:
    if isinstance(value, str) and (found := json_object(value)):
        value = orjson.loads(found)
    if not isinstance(value, dict):
        raise Refused("attributes-readable", value)
    return value


def _flat(event: dict[str, Any]) -> dict[str, Any]:
    """The event with its parameters beside its other fields."""
    for nested in ("params", "event_params"):
        if event.get(nested) is not None:
            given = event[nested]
            given = dict(map(_parameter, given)) if isinstance(given, list) else given
            if not isinstance(given, dict):
                raise Refused("params-object", given)
            event = given | {name: value for name, value in event.items() if name != nested}
    return event


def _parameter(entry: object) -> tuple[str, object]:
    """One of the export's ``{"key": …, "value": {"string_value": …}}``."""
    value = entry.get("value") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(value, dict):
        raise Refused("params-object", entry)
    return str(entry.get("key")), next((v for v in value.values() if v is not None), None)


def _content_id(event: dict[str, Any]) -> str:
    content = orjson.dumps(event, option=orjson.OPT_SORT_KEYS)
    return "event-" + hashlib.sha256(content).hexdigest()[:32]
