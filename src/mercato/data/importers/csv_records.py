"""Records of CSV by Python's csv module, one by one: exact lines, and no record without an end.

A record that cannot be read costs its first line only: reading goes on with the next line.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import orjson
import pyarrow as pa

from mercato.core.errors import BadInput
from mercato.data.importers.raw import MOST_RECORD, SHOWN, RawBatch, Refusal
from mercato.data.importers.window import Window

_MOST_READ_TWICE = 1 << 27
"""Bytes that may be read in vain, behind quotes that do not close, before a file is given up."""

_MOST_KEPT = 10_000
"""Signs of a line with wrong quotes that go to the quarantine."""


@dataclass(frozen=True)
class Layout:
    """names : of the columns, in order"""

    path: Path
    delimiter: str
    names: tuple[str, ...]


class _TooLong(Exception):
    """Ends a record that is longer than a record may be."""


class _Lines(Iterator[str]):
    """The lines of a window for csv.reader, as text; bytes that are not UTF-8 as surrogates.

    size, count : of what was given since the window was last dropped
    is_odd      : whether there was something among it that is no good text
    """

    def __init__(self, window: Window) -> None:
        self.window = window
        self.forget()

    def forget(self) -> None:
        self.size = self.count = 0
        self.is_odd = False

    def __next__(self) -> str:
        length = self.window.line_length(self.size, MOST_RECORD - self.size)
        if length is None:
            raise _TooLong
        if not length:
            raise StopIteration
        start = self.window.at + self.size
        line = self.window.held[start : start + length]
        self.size += length
        self.count += 1
        self.is_odd |= b"\0" in line
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.is_odd = True
            return line.decode("utf-8", "surrogateescape")


class Records:
    """The records at the beginning of a window; what was read is dropped from it."""

    def __init__(self, window: Window, layout: Layout) -> None:
        csv.field_size_limit(MOST_RECORD)
        self._window = window
        self._layout = layout
        self._lines = _Lines(window)
        self._read_twice = 0
        self._first_open: int | None = None
        self._begin()

    def _begin(self) -> None:
        self._lines.forget()
        self._reader = csv.reader(self._lines, delimiter=self._layout.delimiter, strict=True)

    def next(self) -> list[str] | Refusal | None:
        """The next record; why it is none; None behind the last. A blank line is empty."""
        try:
            row = next(self._reader, None)
        except (csv.Error, _TooLong) as error:
            return self._refused(error)
        line = self._window.line
        self._window.drop(self._lines.size, self._lines.count)
        odd = self._lines.is_odd
        self._lines.forget()
        return _unreadable(row, line, self._layout.names) or row if row and odd else row

    def batch(self, least: int) -> RawBatch:
        """The records in the next ``least`` bytes or some more."""
        names = self._layout.names
        rows: list[list[str]] = []
        lines: list[int] = []
        refusals: list[Refusal] = []
        taken = 0
        while taken < least:
            line, before = self._window.line, len(self._window)
            self._window.fill(least - taken)
            before = len(self._window)
            row = self.next()
            if row is None:
                break
            taken += max(before - len(self._window), 1)
            if isinstance(row, Refusal):
                refusals.append(row)
            elif len(row) == len(names):
                rows.append(row)
                lines.append(line)
            elif not is_blank(row):
                refusals.append(ragged(row, line, names))
        cells = zip(*rows, strict=True) if rows else [()] * len(names)
        columns = dict(zip(names, (pa.array(each, pa.string()) for each in cells), strict=True))
        return RawBatch(pa.array(lines, pa.int64()), columns, refusals=tuple(refusals))

    def _refused(self, error: csv.Error | _TooLong) -> Refusal:
        """Refuse the line on which the record starts, and stand behind it."""
        window, line = self._window, self._window.line
        self._read_twice += self._lines.size
        length = window.line_length(0, MOST_RECORD)
        shown = window.held[window.at : window.at + min(length or SHOWN, _MOST_KEPT)]
        row = orjson.dumps(shown.decode("utf-8", "backslashreplace")).decode()
        if length is None:
            window.drop_line()
            refusal = Refusal(line, "row-size", None, f"more than {MOST_RECORD:,} bytes", row)
        else:
            window.drop(length, 1)
            found = "a quote that is not closed" if isinstance(error, _TooLong) else str(error)
            refusal = Refusal(line, "row-quotes", None, found, row)
            self._give_up_in_time(line)
        self._begin()
        return refusal

    def _give_up_in_time(self, line: int) -> None:
        """Each line could open a quote whose end must be looked for through all of the file."""
        self._first_open = self._first_open or line
        if self._read_twice > _MOST_READ_TWICE:
            raise BadInput(
                f"quotes that are closed in {self._layout.path}",
                f"many that are not, the first in line {self._first_open}",
                "Mend the quotes, or write the file without them.",
            )


def is_blank(row: list[str]) -> bool:
    return not row or (len(row) == 1 and not row[0].strip())


def ragged(row: list[str], line: int, names: tuple[str, ...]) -> Refusal:
    """A row with more or fewer cells than there are names. It stands under the names as far as
    either goes, so that whoever mends it sees which cell slipped."""
    found = f"{len(row)} fields instead of {len(names)}"
    longer = (*names, *(f"column {at}" for at in range(len(names) + 1, len(row) + 1)))
    cells = dict(zip_longest(longer, map(legible, row)))
    return Refusal(line, "row-shape", None, found, orjson.dumps(cells).decode())


def legible(cell: str) -> str:
    """Bytes that are no UTF-8 as ``\\xe9``."""
    return cell.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _unreadable(row: list[str], line: int, names: tuple[str, ...]) -> Refusal | None:
    for at, cell in enumerate(row):
        undecoded = any("\ud800" <= sign <= "\udfff" for sign in cell)
        if undecoded or "\0" in cell:
            check = "text-utf8" if undecoded else "text-nul"
            column = names[at] if at < len(names) else None
            named = len(row) == len(names)
            cells = [legible(each) for each in row]
            said = orjson.dumps(dict(zip(names, cells, strict=True)) if named else cells)
            return Refusal(line, check, column, legible(cell), said.decode())
    return None
