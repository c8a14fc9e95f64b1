"""Files of GA4 events: JSON lines or an array of event objects or Measurement Protocol payloads."""

from collections.abc import Iterator
from itertools import islice

import orjson
import pyarrow as pa

from mercato.data.importers.ga4_event import columns_of, parse_events, payload_events
from mercato.data.importers.json_files import JSON_SUFFIXES, objects
from mercato.data.importers.raw import RawBatch, Reading, Refusal, Source

_BATCH_EVENTS = 16_384
_OF_A_ROW = frozenset({"item_id", "line"})
"""Fields that rows of a plain log have beside the event's, where GA4 has ``items``."""


class Ga4:
    """Events in GA4's shape; a file of plain rows, one an event line, is not."""

    name = "ga4"
    assets = frozenset({"events"})

    def holds(self, source: Source, asset: str) -> bool:
        if not source.path.is_file() or source.suffix not in JSON_SUFFIXES:
            return False
        first = next((value for _, value in objects(source)), None)
        return isinstance(first, dict) and _OF_A_ROW.isdisjoint(first)

    def read(self, source: Source, reading: Reading) -> Iterator[RawBatch]:
        values = objects(source)
        while batch := list(islice(values, _BATCH_EVENTS)):
            yield _batch(batch)


def _batch(values: list[tuple[int, object | Refusal]]) -> RawBatch:
    refusals = [value for _, value in values if isinstance(value, Refusal)]
    lines: list[int] = []
    events: list[object] = []
    for line, value in values:
        if not isinstance(value, Refusal):
            inside = list(payload_events(value))
            events += inside
            lines += [line] * len(inside)
    parsed = parse_events(events, received=None)
    for at, problem in parsed.problems.items():
        row = orjson.dumps(events[at]).decode()
        check = problem.check
        refusals.append(Refusal(lines[at], check.name, check.column, problem.value, row))
    rows = columns_of(parsed.rows)
    return RawBatch(
        lines=pa.array([lines[at] for at in parsed.event_of_row], pa.int64()),
        columns=dict(zip(rows.schema.names, rows.columns, strict=True)),
        refusals=tuple(refusals),
    )
