"""JSON lines, JSON arrays of objects, and objects one behind the other, value by value."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

import orjson
import pyarrow as pa

from mercato.data.casts import attributes_json
from mercato.data.importers.collector import without_collector
from mercato.data.importers.json_texts import Texts, objects_within, texts
from mercato.data.importers.raw import BATCH_ROWS, RawBatch, Refusal, Source

JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")

MOST_DEPTH = 100
"""Levels of arrays and objects within each other; what shops write has about six."""

Value = tuple[int, object | Refusal]
"""A value, or why there is none, with the line on which it starts."""

_NUL = b"\\u0000"


def objects(source: Source) -> Iterator[Value]:
    """Each value of the file with the line on which it starts; what is no JSON as a Refusal.

    Of a name that stands twice in an object the last value counts, as in RFC 8259's parsers.
    Raises BadInput where an array, or an object over several lines, does not end.
    """
    return chain.from_iterable(value_blocks(source))


def value_blocks(source: Source) -> Iterator[list[Value]]:
    """The same in lists whose texts take a few megabytes together, whatever the values' sizes."""
    for block in texts(source):
        with without_collector():
            values = _values(block)
        yield values


def _values(block: Texts) -> list[Value]:
    values: list[Value] = []
    for line, text in block:
        if isinstance(text, Refusal):
            values.append((line, text))
            continue
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            values += _troubled(text, line, error)
            continue
        if text.count(b"{") + text.count(b"[") > MOST_DEPTH or _NUL in text:
            value = _sound(value, text, line)
        values.append((line, value))
    return values


def read_json(
    source: Source, wanted: frozenset[str], known: Callable[[str], str] = lambda name: name
) -> Iterator[RawBatch]:
    """The ``wanted`` fields as columns, all others together in ``rest``.

    known : the wanted name of which a field's name is another spelling; else the name itself
    """
    for block in value_blocks(source):
        for start in range(0, len(block), BATCH_ROWS):
            with without_collector():
                batch = batch_of(block[start : start + BATCH_ROWS], wanted, known)
            yield batch


def batch_of(
    values: Sequence[Value],
    wanted: frozenset[str],
    known: Callable[[str], str] = lambda name: name,
) -> RawBatch:
    """JSON values with their lines as one batch; what is no object is refused."""
    rows = [value for _, value in values if isinstance(value, dict)]
    lines = [line for line, value in values if isinstance(value, dict)]
    refusals = [
        _refusal(line, value)
        for line, value in (values if len(rows) < len(values) else ())
        if not isinstance(value, dict)
    ]
    written = _by_name(rows)
    theirs = {name: name for name in written if name in wanted}
    for name in written:
        if name not in wanted and known(name) in wanted:
            theirs.setdefault(known(name), name)
    further = sorted(written.keys() - set(theirs.values()))
    return RawBatch(
        lines=pa.array(lines, pa.int64()),
        columns={ours: _column(written[name]) for ours, name in theirs.items()},
        rest=_rest(further, [written[name] for name in further]) if further else None,
        refusals=tuple(refusals),
    )


def _by_name(rows: Sequence[dict[str, object]]) -> dict[str, Sequence[object]]:
    """The values of each field that any row has; None where a row lacks it."""
    names = list(rows[0]) if rows else []
    if all(list(row) == names for row in rows):
        return dict(zip(names, zip(*(row.values() for row in rows), strict=True), strict=True))
    return {name: [row.get(name) for row in rows] for name in dict.fromkeys(chain(*rows))}


def _refusal(line: int, value: object) -> Refusal:
    if isinstance(value, Refusal):
        return value
    return Refusal(line, "row-object", None, type(value).__name__, orjson.dumps(value).decode())


_TYPED: Mapping[frozenset[type], pa.DataType] = {
    frozenset({str}): pa.string(),
    frozenset({int}): pa.int64(),
    frozenset({float}): pa.float64(),
}


def _column(values: Sequence[object]) -> pa.Array:
    """Numbers of one kind as numbers, all else as text."""
    kind = _TYPED.get(frozenset(map(type, values)) - {type(None)})
    if kind is not None:
        try:
            return pa.array(values, kind)
        except OverflowError:
            pass  # beyond 64 bits
    return pa.array([_text(value) for value in values], pa.string())


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


def _rest(names: Sequence[str], columns: Sequence[Sequence[object]]) -> pa.StringArray:
    """(rows,) JSON objects of the fields ``names``. What many rows say is written once."""
    found: dict[bytes, str | None] = {}
    texts: list[str | None] = []
    for values in zip(*columns, strict=True):
        key = orjson.dumps(values)
        if key not in found:
            found[key] = attributes_json(dict(zip(names, values, strict=True)))
        texts.append(found[key])
    return pa.array(texts, pa.string())


def _troubled(text: bytes, line: int, error: orjson.JSONDecodeError) -> list[Value]:
    """What a line says that is no JSON value: nothing, several objects, or something wrong."""
    text = text.replace(b"\xef\xbb\xbf", b"").strip()  # a mark between files that were joined
    if not text:
        return []
    parts = objects_within(text)
    try:
        return [(line, _sound(orjson.loads(part), part, line)) for part in parts] or [
            (line, _no_json(text, line, str(error)))
        ]
    except orjson.JSONDecodeError:
        return [(line, _no_json(text, line, str(error)))]


def _sound(value: object, text: bytes, line: int) -> object | Refusal:
    """The value, or why it cannot be kept although it is JSON."""
    if _is_deeper(value, MOST_DEPTH):
        return _no_json(text, line, f"more than {MOST_DEPTH} levels")
    return _without_nul(value, text, line) if _NUL in text else value


def _is_deeper(value: object, most: int) -> bool:
    level = [value]
    for _ in range(most + 1):
        level = [
            each
            for found in level
            if isinstance(found, dict | list)
            for each in (found.values() if isinstance(found, dict) else found)
        ]
        if not level:
            return False
    return True


def _without_nul(value: object, text: bytes, line: int) -> object | Refusal:
    """Refused where a zero sign, not only its notation, stands in the value."""
    strings = [value]
    while strings:
        each = strings.pop()
        if isinstance(each, dict):
            strings += [*each, *each.values()]
        elif isinstance(each, list):
            strings += each
        elif isinstance(each, str) and "\0" in each:
            row = text.decode("utf-8", "backslashreplace")
            return Refusal(line, "text-nul", None, each.replace("\0", "\\0")[:200], row)
    return value


def _no_json(text: bytes, line: int, found: str) -> Refusal:
    row = orjson.dumps(text.decode("utf-8", "backslashreplace")).decode()
    return Refusal(line, "row-json", None, found, row)
