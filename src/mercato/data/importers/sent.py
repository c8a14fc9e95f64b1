"""Objects that a request brought in some dialect, as GA4-shaped events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mercato.core import columns as c
from mercato.data.importers.event_logs import EventLog, LeftOut, identified
from mercato.data.importers.ga4_event import Problem
from mercato.data.importers.ga4_fields import Refused


@dataclass
class Sent:
    """Events, and what became of the objects that they come from.

    object_of_event : the position of each event's object among those that were sent
    refused         : by the position of the object
    left_out        : what says nothing that our events hold; position → what it is
    """

    events: list[object] = field(default_factory=list)
    object_of_event: list[int] = field(default_factory=list)
    refused: dict[int, Problem] = field(default_factory=dict)
    left_out: dict[int, str] = field(default_factory=dict)


def as_sent(events: Sequence[object]) -> Sent:
    """Events that are in our shape already."""
    return Sent(list(events), list(range(len(events))))


def translated(log: EventLog, objects: Sequence[object]) -> Sent:
    """What objects of a dialect say; without their consent, which is read before.

    An event of which the dialect gives no id is named by what its object says where that names a
    time or an order, so that it counts once however often it is sent. Of others two that are
    equal may well be two: each is an event of its own.
    """
    sent = Sent()
    for at, each in enumerate(objects):
        try:
            if not isinstance(each, dict):
                raise Refused("row-object", each)
            told = list(log.events_of(each))
        except Refused as refused:
            sent.refused[at] = Problem(refused.check, refused.value)
            continue
        kinds = [event.kind for event in told if isinstance(event, LeftOut)]
        if kinds and len(kinds) == len(told):
            sent.left_out[at] = kinds[0]
        for place, event in enumerate(told):
            if not isinstance(event, LeftOut):
                sent.events.append(_named(event, each, place))
                sent.object_of_event.append(at)
    return sent


_MOMENTS = ("timestamp_micros", "timestamp", "event_timestamp", c.TS, c.TRANSACTION_ID)


def _named(event: dict[str, Any], each: dict[str, Any], place: int) -> dict[str, Any]:
    if event is each:  # in GA4's shape already
        nested = event.get("params")
        both: Mapping[str, Any] = (nested if isinstance(nested, dict) else {}) | event
        if both.get(c.EVENT_ID) or not any(both.get(name) for name in _MOMENTS):
            return event
        return event | {c.EVENT_ID: identified({}, each, place)[c.EVENT_ID]}
    if event.get(c.EVENT_ID) or event.get(c.TS) or event.get(c.TRANSACTION_ID):
        return identified(event, each, place)
    return event
