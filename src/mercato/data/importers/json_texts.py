"""Where the values of a JSON file begin and end, found without parsing, in bounded memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import orjson

from mercato.core.errors import BadInput
from mercato.data.importers.raw import MOST_RECORD, SHOWN, Refusal, Source
from mercato.data.importers.window import Window

BLOCK = 1 << 22
"""Bytes that are looked at at once."""

Texts = list[tuple[int, bytes | Refusal]]
"""Texts of values, each with the line on which it starts."""

_STEP = np.zeros(256, np.int8)
_STEP[list(b"[{")] = 1
_STEP[list(b"]}")] = -1
_COMMA, _QUOTE, _OPEN = 44, 34, 91
_BLANK = b" \t\r\n"

_SURELY_CUT = 60_000
"""Bytes of a beginning that is not all of a file."""


def texts(source: Source) -> Iterator[Texts]:
    """The texts of the values in a file, in blocks: lines, elements of arrays that stand one
    behind the other, or objects over several lines. A text may be no JSON.

    A text of more than `MOST_RECORD` bytes comes as a Refusal. Raises BadInput where brackets or
    quotes of what is not lines do not close.
    """
    with source.open_text() as stream:
        if _is_lines(source.head):
            yield from _lines(stream)
        else:
            is_array = source.head.lstrip()[:1] == b"["
            yield from _Pieces(stream, source, is_array).blocks()


def objects_within(text: bytes) -> list[bytes]:
    """The objects that stand one behind the other in ``text``; empty where there is more too."""
    levels = _levels(text, 0, False)
    ends = np.flatnonzero((levels.step < 0) & (levels.depth == 0)) + 1
    if not len(ends) or text[ends[-1] :].strip(_BLANK + b","):
        return []
    starts = [0, *ends[:-1].tolist()]
    return [text[a:b].strip(_BLANK + b",") for a, b in zip(starts, ends.tolist(), strict=True)]


def _is_lines(head: bytes) -> bool:
    """Whether each line is a value of its own, rather than a part of one."""
    head = head.lstrip()
    if head[:1] == b"[":
        return False
    lines = [line for line in head.split(b"\n") if line.strip()]
    if len(lines) < 2:
        return True
    end = head.rfind(b"}") + 1
    pieces = objects_within(head[:end])
    is_all = not head[end:].strip() or len(head) > _SURELY_CUT
    if pieces and is_all and all(map(_is_json, pieces)):
        return all(_is_json(line) or objects_within(line) for line in lines[:-1])
    whole = [_is_object(line) for line in lines]
    if 2 * sum(whole) >= len(lines):
        return True
    if not pieces:
        levels = _levels(lines[0], 0, False)
        return bool(levels.inside or levels.depth[-1] <= 0 or any(whole))
    return sum(whole) > sum(map(_is_json, pieces))


def _is_object(line: bytes) -> bool:
    """Whether an object opens and closes in the line, however good it is."""
    levels = _levels(line.strip(), 0, False)
    return line.lstrip()[:1] == b"{" and levels.depth[-1] == 0 and not levels.inside


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _lines(stream: BinaryIO) -> Iterator[Texts]:
    window = Window(stream, b"\n")
    while True:
        window.fill(BLOCK)
        if not len(window):
            return
        last = window.held.rfind(b"\n", window.at)
        size = len(window) if window.ended else last + 1 - window.at
        if size <= 0:
            length = window.line_length(0, MOST_RECORD)
            if length is None:
                held = window.held[window.at :]
                yield [(window.line, _too_long(held, window.line))]
                window.drop_line()
                continue
            size = length
        block = window.held[window.at : window.at + size].split(b"\n")
        line = window.line
        window.drop(size, len(block) - 1)
        yield list(enumerate(block, start=line))


def _too_long(text: bytes, line: int) -> Refusal:
    shown = orjson.dumps(text[:SHOWN].decode("utf-8", "backslashreplace")).decode()
    return Refusal(line, "row-size", None, f"more than {MOST_RECORD:,} bytes", shown)


@dataclass(frozen=True)
class _Levels:
    """Of each byte of a text, outside of strings: how it changes the depth, and the depth behind
    it; ``inside``: whether the text ends within a string."""

    outside: np.ndarray
    step: np.ndarray
    depth: np.ndarray
    inside: bool


def _levels(text: bytes, depth: int, inside: bool) -> _Levels:
    flat = text.replace(b"\\\\", b"__").replace(b'\\"', b"__")
    data = np.frombuffer(flat, np.uint8)
    quotes = np.cumsum(data == _QUOTE, dtype=np.int32)
    outside = (quotes + inside) % 2 == 0
    step = _STEP[data] * outside
    depths = np.cumsum(step, dtype=np.int32) + depth
    return _Levels(outside, step, depths, not outside[-1] if len(data) else inside)


class _Pieces:
    """A file cut into the elements of its arrays, or into its objects."""

    def __init__(self, stream: BinaryIO, source: Source, is_array: bool) -> None:
        self.window = Window(stream, b"\n")
        self.source = source
        self.is_array = is_array
        self.depth = 0
        self.inside = False
        self.scanned = 0
        self.is_skipped = False

    def blocks(self) -> Iterator[Texts]:
        while True:
            self.window.fill(self.scanned + BLOCK)
            chunk = self._chunk()
            if not chunk:
                break
            yield self._block(chunk)
        rest = self.window.held[self.window.at :].strip(_BLANK + b",")
        if self.depth or self.inside or rest:
            raise self._broken(
                "an end that is missing, behind", "Fetch it again, or mend it there."
            )

    def _chunk(self) -> bytes:
        """What was not looked at, up to the last byte that is surely not half of an escape."""
        chunk = self.window.held[self.window.at + self.scanned :]
        escapes = len(chunk) - len(chunk.rstrip(b"\\"))
        return chunk[: len(chunk) - escapes % 2] if not self.window.ended else chunk

    def _block(self, chunk: bytes) -> Texts:
        levels = _levels(chunk, self.depth, self.inside)
        found: Texts = []
        start = 0
        for cut in self._cuts(chunk, levels).tolist():
            end = self.scanned + cut + 1
            found += self._piece(self.window.held[self.window.at + start : self.window.at + end])
            start = end
        self.depth, self.inside = int(levels.depth[-1]), levels.inside
        self.scanned += len(chunk) - start
        self.window.drop(start, 0)
        if self.scanned > MOST_RECORD:
            found += self._skipped()
        return found

    def _skipped(self) -> Texts:
        """Forget what was seen of a value that is too long; tell it once."""
        held = self.window.held[self.window.at : self.window.at + self.scanned]
        blank = len(held) - len(held.lstrip(_BLANK))
        line = self.window.line + held.count(b"\n", 0, blank)
        told: Texts = [] if self.is_skipped else [(line, _too_long(held[blank:], line))]
        self.is_skipped = True
        self.window.drop(self.scanned, held.count(b"\n"))
        self.scanned = 0
        return told

    def _cuts(self, chunk: bytes, levels: _Levels) -> np.ndarray:
        if (levels.depth < 0).any():
            raise self._broken("a bracket that closes nothing, behind", "Mend it there.")
        cuts = (levels.step < 0) & (levels.depth == 0)
        if self.is_array:
            data = np.frombuffer(chunk, np.uint8)
            opens = (levels.step > 0) & (levels.depth == 1)
            if (data[opens] != _OPEN).any():
                raise self._broken("something behind the array, behind", "Write one array.")
            cuts |= opens | (levels.outside & (data == _COMMA) & (levels.depth == 1))
        return np.flatnonzero(cuts)

    def _piece(self, piece: bytes) -> Texts:
        """The value in what stands between two cuts; its lines are counted."""
        line = self.window.line
        self.window.line += piece.count(b"\n")
        if self.is_skipped:
            self.is_skipped = False
            return []
        text = piece[:-1].strip(_BLANK) if self.is_array else piece.strip(_BLANK + b",")
        if not text:
            return []
        line += piece.count(b"\n", 0, piece.find(text[:1]))
        return [(line, text if len(text) <= MOST_RECORD else _too_long(text, line))]

    def _broken(self, found: str, remedy: str) -> BadInput:
        place = f"line {self.window.line}"
        return BadInput(f"whole JSON in {self.source.path}", f"{found} {place}", remedy)
