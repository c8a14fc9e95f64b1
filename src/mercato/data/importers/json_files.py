"""JSON lines, and JSON arrays of objects, object by object."""

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import BinaryIO

import orjson
import pyarrow as pa

from mercato.core.errors import BadInput
from mercato.data.casts import attributes_json
from mercato.data.importers.raw import BATCH_ROWS, RawBatch, Refusal, Source

JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")

_CHUNK = 1 << 20
_BETWEEN = re.compile(r"[\s,]*")


def objects(source: Source) -> Iterator[tuple[int, object | Refusal]]:
    """Each value of the file with the line on which it starts.

    JSON lines: a line that is no JSON comes as a Refusal. An array: raises BadInput at the first
    place that is no JSON, since nothing behind it can be found.
    """
    is_array = source.head.lstrip()[:1] == b"["
    with source.open_text() as stream:
        yield from _of_array(source, stream) if is_array else _of_lines(stream)


def read_json(source: Source, wanted: frozenset[str]) -> Iterator[RawBatch]:
    """The ``wanted`` fields as text columns, all others together in ``rest``."""
    values = objects(source)
    while batch := list(islice(values, BATCH_ROWS)):
        yield batch_of(batch, wanted)


def batch_of(values: Sequence[tuple[int, object | Refusal]], wanted: frozenset[str]) -> RawBatch:
    """JSON values with their lines as one batch; what is no object is refused."""
    rows = [(line, value) for line, value in values if isinstance(value, dict)]
    refusals = [
        value
        if isinstance(value, Refusal)
        else Refusal(line, "row-object", None, type(value).__name__, orjson.dumps(value).decode())
        for line, value in values
        if not isinstance(value, dict)
    ]
    present = set().union(*(row.keys() for _, row in rows)) & wanted
    columns = {
        name: pa.array([_text(row.get(name)) for _, row in rows], pa.string()) for name in present
    }
    rest = [_rest(row, wanted) for _, row in rows]
    return RawBatch(
        lines=pa.array([line for line, _ in rows], pa.int64()),
        columns=columns,
        rest=pa.array(rest, pa.string()),
        refusals=tuple(refusals),
    )


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, list) and len(value) == 1:
        return _text(value[0])
    return orjson.dumps(value).decode()


def _rest(row: Mapping[str, object], wanted: frozenset[str]) -> str | None:
    further = {name: value for name, value in row.items() if name not in wanted}
    return attributes_json(further) if further else None


def _of_lines(stream: BinaryIO) -> Iterator[tuple[int, object | Refusal]]:
    for line, text in enumerate(stream, start=1):
        if text := text.removeprefix(b"\xef\xbb\xbf").strip():
            yield line, _value(text, line)


def _value(text: bytes | str, line: int) -> object | Refusal:
    try:
        found: object = orjson.loads(text)
        return found
    except orjson.JSONDecodeError as error:
        shown = text if isinstance(text, str) else text.decode("utf-8", "backslashreplace")
        return Refusal(line, "row-json", None, str(error), json.dumps(shown))


def _of_array(source: Source, stream: BinaryIO) -> Iterator[tuple[int, object | Refusal]]:
    decoder = json.JSONDecoder()
    with io.TextIOWrapper(stream, "utf-8", errors="backslashreplace") as text:
        buffer = text.read(_CHUNK)
        at = buffer.index("[") + 1
        line = 1 + buffer.count("\n", 0, at)
        while True:
            gap = _BETWEEN.match(buffer, at)
            start = gap.end() if gap else at
            line += buffer.count("\n", at, start)
            if buffer[start : start + 1] == "]":
                return
            try:
                at = decoder.raw_decode(buffer, start)[1]
            except json.JSONDecodeError as error:
                more = text.read(max(_CHUNK, len(buffer)))
                if not more:
                    broken = line + buffer.count("\n", start, error.pos)
                    raise BadInput(
                        f"a JSON array in {source.path}",
                        f"{error.msg} in line {broken}",
                        "Mend that place, or write one object a line.",
                    ) from None
                buffer, at = buffer[start:] + more, 0
                continue
            yield line, _value(buffer[start:at], line)
            line += buffer.count("\n", start, at)
