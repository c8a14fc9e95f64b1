"""A stream of bytes in parts that end where a reader wants them to, however long its lines are."""

from typing import BinaryIO

_BLOCK = 1 << 20


class Window:
    """Bytes that were read and not yet dropped.

    held : the bytes; line : the line of the source on which they start, from 1
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.held = b""
        self.line = 1
        self.ended = False
        self._stream = stream

    def fill(self, size: int) -> None:
        """Hold ``size`` bytes, or all that there are."""
        parts = [self.held]
        missing = size - len(self.held)
        while missing > 0 and not self.ended:
            part = self._stream.read(max(missing, _BLOCK))
            self.ended = not part
            parts.append(part)
            missing -= len(part)
        if len(parts) > 1:
            self.held = b"".join(parts)

    def drop(self, size: int, lines: int) -> None:
        """Forget the first ``size`` bytes, in which ``lines`` lines end."""
        self.held = self.held[size:]
        self.line += lines

    def drop_line(self) -> None:
        """Forget everything up to the next ``\\n``, however far it is."""
        while (at := self.held.find(b"\n")) < 0:
            self.held = b""
            self.fill(_BLOCK)
            if not self.held:
                return
        self.drop(at + 1, 1)
