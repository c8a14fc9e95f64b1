"""The records that begin on given lines of a text: lines of CSV, JSON objects, XML elements."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import orjson

from mercato.data.importers.raw import SHOWN
from mercato.data.importers.signatures import Kind

_MOST_BYTES = 16_384
"""Of one record; what is longer is cut."""

_PIECE = 1 << 20
"""Bytes of a line that are read at once."""

_TAG = re.compile(r"<([\w:.-]+)")


@dataclass
class _Record:
    """A record while its lines are read."""

    line: int
    kind: Kind
    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, piece: bytes) -> None:
        self.parts.append(piece[: max(0, _MOST_BYTES - self.size)])
        self.size += len(piece)

    @property
    def text(self) -> str:
        whole = b"".join(self.parts).decode("utf-8", "backslashreplace").strip()
        return whole + f" … ({self.size:,} bytes)" if self.size > _MOST_BYTES else whole

    @property
    def complete(self) -> bool:
        return self.size >= _MOST_BYTES or _WHOLE.get(self.kind, _any)(self.text)


def records(stream: BinaryIO, kind: Kind, lines: Collection[int]) -> dict[int, str]:
    """The text of the records that begin on these lines, counted from 1, without the line end."""
    found: dict[int, str] = {}
    running: list[_Record] = []
    last = max(lines, default=0)
    for number, begins, piece in _pieces(stream):
        if number > last and not running:
            break
        if begins:
            for record in [each for each in running if each.complete]:
                found[record.line] = record.text
                running.remove(record)
            if number in lines:
                running.append(_Record(number, kind))
        for record in running:
            record.add(piece)
    return found | {record.line: record.text for record in running}


def _pieces(stream: BinaryIO) -> Iterator[tuple[int, bool, bytes]]:
    """(line, whether it begins here, bytes); long lines come in several pieces."""
    number, begins = 1, True
    while piece := stream.readline(_PIECE):
        yield number, begins, piece
        begins = piece.endswith(b"\n")
        number += begins


def _any(text: str) -> bool:
    return True


def _is_row(text: str) -> bool:
    """Quotes that were opened were closed (RFC 4180)."""
    return text.count('"') % 2 == 0


def _is_json(text: str) -> bool:
    inner = text.lstrip("[, \t").rstrip(", \t\r\n")
    return any(_parses(each) for each in (inner, inner.removesuffix("]").rstrip(", \t\r\n")))


def _parses(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _is_element(text: str) -> bool:
    opened = _TAG.search(text)
    return opened is None or f"</{opened.group(1)}>" in text or text.endswith("/>")


_WHOLE = {"text": _is_row, "json": _is_json, "xml": _is_element}
"""Kind of a file → whether a text is a whole record of it."""


def shown(text: str) -> str:
    """The start of a record, for a line of a table."""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
