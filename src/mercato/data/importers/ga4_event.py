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
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from mercato.core import columns as c
from mercato.core.events import EventRow
from mercato.core.history import RATED
from mercato.data.assets.events import EVENTS, SCHEMA
from mercato.data.casts import attributes_json, json_object
from mercato.data.checks import Check, Rows, first_failures
from mercato.data.importers.ga4_fields import READERS, Reader, Refused

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


class _Field(NamedTuple):
    """Where a field goes: the place of its column in a row, and how it is read.

    also : whether the column's own name, where it stands beside this one, is what counts
    """

    place: int
    column: str
    read: Reader
    also: bool


def _field(name: str, column: str) -> _Field:
    return _Field(c.EVENT_COLUMNS.index(column), column, READERS[column], name != column)


_NAMES = {name: name for name in c.EVENT_COLUMNS if name != c.ATTRIBUTES} | _OTHER_NAMES
_OF_AN_EVENT = {name: _field(name, column) for name, column in _NAMES.items()}
"""GA4's names beside ours; where both stand, ours counts."""

_OF_AN_ITEM = {
    name: field
    for name, field in _OF_AN_EVENT.items()
    if field.column
    not in (c.EVENT_ID, c.LINE, c.TS, c.EVENT, c.USER_ID, c.VISITOR_ID, c.SESSION_ID)
}
"""What an item can say for itself; where it says more, that is an attribute."""

_EVENT_ID, _LINE, _TS, _EVENT, _VALUE, _ATTRIBUTES = map(
    c.EVENT_COLUMNS.index, (c.EVENT_ID, c.LINE, c.TS, c.EVENT, c.VALUE, c.ATTRIBUTES)
)

_OF_A_LINE = tuple(
    map(c.EVENT_COLUMNS.index, (c.ITEM_ID, c.QUANTITY, c.PRICE, c.VALUE, c.POSITION))
)
"""What an event with items says in them, not for all of them."""

_NOT_SHARED = frozenset({"events", "user_data", "ip_override", "validation_behavior"})
"""Of a payload: its events, what GA4 tells people apart by, and how it is to be checked."""

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

    columns      : the rows as a batch of the asset ``events``
    event_of_row : the position of each row's event among those given
    problems     : by the position of the event
    """

    rows: list[EventRow]
    columns: pa.RecordBatch
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
    columns = columns_of(rows)
    _check_values(rows, columns, event_of_row, problems)
    if not problems:
        return ParsedEvents(rows, columns, event_of_row, problems)
    kept = [at for at, position in enumerate(event_of_row) if position not in problems]
    return ParsedEvents(
        [rows[at] for at in kept],
        columns.take(pa.array(kept, pa.int64())),
        [event_of_row[at] for at in kept],
        problems,
    )


def payload_events(payload: object) -> Iterator[object]:
    """The events of one object: of a Measurement Protocol payload each of its ``events`` with
    the payload's own fields, of anything else itself."""
    events = payload.get("events") if isinstance(payload, dict) else None
    if not isinstance(payload, dict) or not isinstance(events, list):
        yield payload
        return
    shared = {name: value for name, value in payload.items() if name not in _NOT_SHARED}
    for event in events:
        yield shared | event if isinstance(event, dict) else event


def columns_of(rows: Sequence[EventRow]) -> pa.RecordBatch:
    """Event rows as a batch of the asset ``events``."""
    columns = zip(*rows, strict=True) if rows else [()] * len(SCHEMA)
    arrays = [pa.array(values, kind) for values, kind in zip(columns, SCHEMA.types, strict=True)]
    return pa.record_batch(arrays, schema=SCHEMA)


def _check_values(
    rows: list[EventRow],
    columns: pa.RecordBatch,
    event_of_row: list[int],
    problems: dict[int, Problem],
) -> None:
    """Run the asset's checks over all rows at once."""
    first = first_failures(Rows({}, columns), EVENTS.checks)
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
    flat = dict(_flat(event))
    items = flat.pop("items", None)
    row: list[Any] = [None] * len(c.EVENT_COLUMNS)
    further = _read(flat, _OF_AN_EVENT, row)
    if not row[_EVENT_ID]:
        row[_EVENT_ID] = content_id(event) if received is None else uuid.uuid4().hex
    if row[_TS] is None:
        row[_TS] = received
    if row[_EVENT] in RATED:
        _take_stars(row, further)
    if not items:
        row[_LINE] = row[_LINE] or 0
        row[_ATTRIBUTES] = attributes_json(further) if further else None
        return [EventRow._make(row)]
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Refused("items-list", items)
    return _lines(items, row, further)


def _lines(
    items: list[dict[str, Any]], shared: list[Any], further: dict[str, Any]
) -> list[EventRow]:
    value = shared[_VALUE]
    for place in _OF_A_LINE:
        shared[place] = None
    if len(items) == 1:
        shared[_VALUE] = value  # of several lines it is the sum, and none of theirs
    elif value is not None:
        further["event_value"] = value
    shared[_ATTRIBUTES] = attributes_json(further) if further else None
    rows = []
    for line, item in enumerate(items):
        row = shared.copy()
        row[_LINE] = line
        own = _read(item, _OF_AN_ITEM, row)
        if row[_EVENT] in RATED:
            _take_stars(row, own)
        if own:
            row[_ATTRIBUTES] = attributes_json(further | own)
        rows.append(EventRow._make(row))
    return rows


def _take_stars(row: list[Any], said: Mapping[str, Any]) -> None:
    """The value of a rating or review are its stars; other tools call them ``rating``."""
    if row[_VALUE] is None and (stars := said.get("rating")) is not None:
        row[_VALUE] = READERS[c.VALUE](c.VALUE, stars)


def _read(fields: Mapping[str, Any], known: Mapping[str, _Field], row: list[Any]) -> dict[str, Any]:
    """Write what has a column of ours into ``row``; gives the rest, which are attributes."""
    further: dict[str, Any] = {}
    others: set[int] = set()
    for name, value in fields.items():
        field = known.get(name)
        if field is None:
            further[name] = value
        elif value is not None:
            place, column, read, also = field
            if also:
                if place in others or fields.get(column) is not None:
                    continue
                others.add(place)
            row[place] = read(column, value)
    if (given := further.pop(c.ATTRIBUTES, None)) is not None:
        further |= _attributes(given)
    return further


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


def content_id(event: Mapping[str, Any]) -> str:
    """A name for an event by the hash of what it says."""
    content = orjson.dumps(event, option=orjson.OPT_SORT_KEYS)
    return "event-" + hashlib.sha256(content).hexdigest()[:32]
