"""Logs of shopping events: the objects of a dialect as GA4-shaped events, and those as rows.

A dialect is declared as one `EventLog` value; what it says about an object is a pure function, so
that a route of the API can read the same objects.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson
import pyarrow as pa

from mercato.core import columns as c
from mercato.core.columns import Event
from mercato.core.errors import BadInput
from mercato.data.importers.collector import without_collector
from mercato.data.importers.consent import CONSENT
from mercato.data.importers.ga4_event import content_id, parse_events
from mercato.data.importers.ga4_fields import Refused
from mercato.data.importers.json_files import objects, value_blocks
from mercato.data.importers.parquet_objects import Nested, parquet_objects
from mercato.data.importers.raw import BATCH_ROWS, RawBatch, Reading, Refusal, Source

_ROWS_AT_ONCE = 16_384
"""Of a Parquet file; of JSON a few megabytes are read at once."""

_LOOKED_AT = 20
"""Objects at the beginning of a source that tell its dialect; most of them must bear its marks."""

_LONGEST_KIND = 100


@dataclass(frozen=True)
class LeftOut:
    """An object that says nothing which our events hold.

    kind : what it is, in the log's own words
    """

    kind: str


Told = Iterable[dict[str, Any] | LeftOut]


def single(value: object) -> Iterator[object]:
    """The objects inside of ``value``, where each stands for itself."""
    yield value


def listed(name: str) -> Callable[[object], Iterator[object]]:
    """The objects inside of one that is sent as ``{name: […]}``, or the object itself."""

    def inside(value: object) -> Iterator[object]:
        several = value.get(name) if isinstance(value, dict) else None
        if isinstance(several, list):
            yield from several
        else:
            yield value

    return inside


def record(value: object) -> dict[str, Any]:
    """An object within an object; none is an empty one. Raises Refused."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused("record-object", value)
    return value


def records(value: object) -> list[dict[str, Any]]:
    """A list of objects; none is an empty one. Raises Refused."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise Refused("items-list", value)
    return value


def others(fields: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """The fields that are not ``known``: attributes."""
    return {name: value for name, value in fields.items() if name not in known}


@dataclass(frozen=True)
class EventLog:
    """A dialect of event logs, in JSON lines or a JSON array, some in Parquet too.

    is_one    : whether an object bears the marks of the dialect
    events_of : what an object says, as GA4-shaped events; raises Refused
    names     : the dialect's names of events, and ours; for the documents
    consent   : where the dialect has words of its own for it, an object's, as `Consent` reads it
    inside    : the objects of one that holds several
    nested    : how Parquet files are read, where the dialect comes in them
    """

    name: str
    is_one: Callable[[Mapping[str, Any]], bool]
    events_of: Callable[[dict[str, Any]], Told]
    names: Mapping[str, Event]
    inside: Callable[[object], Iterator[object]] = single
    nested: Nested | None = None
    consent: Callable[[Mapping[str, Any]], object] | None = None
    assets: frozenset[str] = field(default=frozenset({"events"}))

    def told_of(self, piece: object) -> tuple[dict[str, Any], object]:
        """An object without its ``consent``, and what it says of that. Raises Refused."""
        if not isinstance(piece, dict):
            raise Refused("row-object", piece)
        said = piece.get(CONSENT)
        if said is not None:
            piece = others(piece, (CONSENT,))
        elif self.consent is not None:
            said = self.consent(piece)
        return piece, said

    def holds(self, source: Source, asset: str) -> bool:
        if source.kind != "json" and not (self.nested and source.kind == "parquet"):
            return False
        beginning = _lines_of_head(source) or _readable(self._objects(source))
        pieces = (piece for value in beginning for piece in self.inside(value))
        looked_at = list(islice(pieces, _LOOKED_AT))
        marked = [piece for piece in looked_at if isinstance(piece, dict) and self.is_one(piece)]
        return 2 * len(marked) > len(looked_at)

    def read(self, source: Source, reading: Reading) -> Iterator[RawBatch]:
        blocks = self._blocks(source)
        while True:
            with without_collector():
                block = next(blocks, None)
            if block is None:
                return
            pieces = self._pieces(block)
            while batch := self._next_batch(pieces):
                yield batch

    def _next_batch(self, pieces: Iterator[tuple[int, object]]) -> RawBatch | None:
        with without_collector():
            batch = _Batch()
            for line, piece in pieces:
                batch.add(line, piece, self)
                if batch.size >= BATCH_ROWS:
                    break
            return batch.parsed() if batch.size else None

    def _pieces(self, block: Sequence[tuple[int, object]]) -> Iterator[tuple[int, object]]:
        """Each object with the line on which it stands."""
        for line, value in block:
            if isinstance(value, Refusal):
                yield line, value
            else:
                for piece in self.inside(value):
                    yield line, piece

    def _blocks(self, source: Source) -> Iterator[Sequence[tuple[int, object]]]:
        """The objects of the source with their lines, so many at once as memory holds."""
        if source.kind == "parquet":
            rows = iter(self._objects(source))
            while some := list(islice(rows, _ROWS_AT_ONCE)):
                yield some
        else:
            yield from value_blocks(source)

    def _objects(self, source: Source) -> Iterator[tuple[int, object]]:
        if source.kind == "parquet" and self.nested:
            return parquet_objects(source, self.nested)
        return objects(source)


def _lines_of_head(source: Source) -> list[object]:
    """The objects that stand one a line at the beginning; none where the first line is none."""
    if source.kind != "json":
        return []
    found: list[object] = []
    for line in source.head.split(b"\n")[:_LOOKED_AT]:
        try:
            found.append(orjson.loads(line.strip(b"[], \t\r")))
        except orjson.JSONDecodeError:
            if not found:
                return []
    return found if found and isinstance(found[0], dict) else []


def _readable(values: Iterator[tuple[int, object]]) -> Iterator[object]:
    """What can be read of the beginning of a source; a broken array just ends."""
    try:
        for _, value in values:
            if not isinstance(value, Refusal):
                yield value
    except BadInput:
        return


class _Batch:
    """Objects of a log on their way to rows. An object of which an event is refused is refused
    whole, as it was written, so that it can be mended and imported again."""

    def __init__(self) -> None:
        self.size = 0
        self._pieces: list[tuple[int, object]] = []
        self._events: list[dict[str, Any]] = []
        self._piece_of_event: list[int] = []
        self._consents: list[object] = []
        self._refusals: list[Refusal] = []
        self._left_out: Counter[str] = Counter()

    def add(self, line: int, piece: object, log: EventLog) -> None:
        self.size += 1
        if isinstance(piece, Refusal):
            self._refusals.append(piece)
            return
        try:
            said, consent = log.told_of(piece)
            told = list(log.events_of(said))
        except Refused as refused:
            self._refuse(line, piece, refused.check.name, refused.check.column, refused.value)
            return
        self._pieces.append((line, piece))
        self._consents.append(consent)
        for place, event in enumerate(told):
            if isinstance(event, LeftOut):
                self._left_out[_shown(event.kind)] += 1
            else:
                self._events.append(identified(event, said, place))
                self._piece_of_event.append(len(self._pieces) - 1)
                items = event.get("items")
                self.size += len(items) if isinstance(items, list) else 0

    def parsed(self) -> RawBatch:
        found = parse_events(self._events, received=None)
        piece_of_row = [self._piece_of_event[at] for at in found.event_of_row]
        columns = found.columns
        problems = {self._piece_of_event[at]: each for at, each in found.problems.items()}
        for at, problem in problems.items():
            check = problem.check
            self._refuse(*self._pieces[at], check.name, check.column, problem.value)
        if problems:
            good = [piece not in problems for piece in piece_of_row]
            columns = columns.filter(pa.array(good, pa.bool_()))
            piece_of_row = [piece for piece in piece_of_row if piece not in problems]
        named = dict(zip(columns.schema.names, columns.columns, strict=True))
        if any(consent is not None for consent in self._consents):
            said = [self._consents[piece] for piece in piece_of_row]
            named[CONSENT] = pa.array(map(_json, said), pa.string())
        return RawBatch(
            lines=pa.array([self._pieces[piece][0] for piece in piece_of_row], pa.int64()),
            rest=named.pop(c.ATTRIBUTES),  # canonical already: not to be parsed again
            columns=named,
            refusals=tuple(self._refusals),
            left_out=self._left_out,
        )

    def _refuse(
        self, line: int, piece: object, check: str, column: str | None, value: str | None
    ) -> None:
        row = orjson.dumps(piece, default=str).decode()
        self._refusals.append(Refusal(line, check, column, value, row))


def _shown(kind: str) -> str:
    """A kind as it may stand in a terminal's table."""
    kind = kind[:_LONGEST_KIND]
    return kind if kind.isprintable() else kind.encode("unicode_escape").decode()


def _json(value: object) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def identified(event: dict[str, Any], piece: dict[str, Any], place: int) -> dict[str, Any]:
    """The event with an id that stays however the dialect's mapping may change."""
    if event is piece or event.get(c.EVENT_ID):
        return event
    name = content_id(piece)
    return event | {c.EVENT_ID: f"{name}-{place}" if place else name}
