"""A stream of bytes in parts that end where a reader wants them to, however long its lines are."""

import re
from typing import BinaryIO

_BLOCK = 1 << 20


class Window:
    """Bytes that were read and not yet dropped: ``held[at:]``; ``line`` is where they start."""

    def __init__(self, stream: BinaryIO, line_end: bytes = rb"\r\n?|\n") -> None:
        self.held = b""
        self.at = 0
        self.line = 1
        self.ended = False
        self._line_end = re.compile(line_end)
        self._stream = stream

    def __len__(self) -> int:
        return len(self.held) - self.at

    def fill(self, size: int) -> None:
        """Hold ``size`` bytes, or all that there are."""
        missing = size - len(self)
        if missing <= 0 or self.ended:
            return
        parts = [self.held[self.at :]]
        while missing > 0 and not self.ended:
            part = self._stream.read(max(missing, _BLOCK))
            self.ended = not part
            parts.append(part)
            missing -= len(part)
        self.held, self.at = b"".join(parts), 0

    def drop(self, size: int, lines: int) -> None:
        """Forget the first ``size`` bytes, in which ``lines`` lines end."""
        self.at += size
        self.line += lines

    def line_length(self, start: int, most: int) -> int | None:
        """How far the line that begins ``start`` bytes from here goes, its end included; 0 where
        nothing is left, None where it is longer than ``most``."""
        looked = start
        while True:
            if (end := self._end_of_line(looked)) is not None:
                return end - start if end - start <= most else None
            if self.ended:
                length = len(self) - start
                return length if length <= most else None
            if len(self) - start > most:
                return None
            looked = max(start, len(self) - 1)
            self.fill(len(self) + _BLOCK)

    def drop_line(self) -> None:
        """Forget everything up to the next line, however far it is."""
        while (end := self._end_of_line(0)) is None and not self.ended:
            self.at = len(self.held) - self.held.endswith(b"\r")
            self.fill(len(self) + _BLOCK)
        self.drop(len(self) if end is None else end, 1)

    def _end_of_line(self, looked: int) -> int | None:
        """Where the first line that ends ``looked`` bytes from here or later does; None where
        what is held does not tell."""
        found = self._line_end.search(self.held, self.at + looked)
        if found is None or (
            found[0] == b"\r" and found.end() == len(self.held) and not self.ended
        ):
            return None  # a line feed may follow
        return found.end() - self.at
