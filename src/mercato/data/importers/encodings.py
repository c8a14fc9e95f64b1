"""Text of any encoding as UTF-8. Only a byte order mark is proof; else the encoding is named."""

import codecs
import io
from typing import BinaryIO

from mercato.core.errors import BadInput, WrongUse

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as the mark of UTF-16, so it stands before it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""The Unicode Standard, table 23-4."""

_OF_PAIRS = (
    ("gb18030", "gb2312", "\u4e00\u9fff"),
    ("shift_jis", "shift_jis", "\u3040\u30ff"),
)
"""Encodings whose common signs are two bytes: a narrower codec, and where those signs lie."""

_BLOCK = 1 << 18


def check_encoding(name: str) -> None:
    """Raises WrongUse where Python knows no text encoding of that name."""
    try:
        "a".encode(name).decode(name)
        codecs.getincrementaldecoder(name)
    except (LookupError, UnicodeError, ValueError):
        raise WrongUse(
            "the name of a text encoding, such as cp1252, gb18030 or utf-16-le",
            repr(name),
            "Python's list: https://docs.python.org/3/library/codecs.html#standard-encodings",
        ) from None


def as_utf8(stream: io.BufferedReader, encoding: str | None, place: object) -> BinaryIO:
    """The same text in UTF-8 and without its mark.

    What is no text in a single- or multi-byte ``encoding`` stays as bytes that are no UTF-8, so
    that its row can be named. Reading raises BadInput where UTF-16 or UTF-32 is broken.
    """
    head = stream.peek(4)[:4]
    mark, marked = next((each for each in _MARKS if head.startswith(each[0])), (b"", None))
    if (encoding or marked or "utf-8").lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig"):
        stream.read(len(mark) if marked == "utf-8" else 0)
        return stream
    named = encoding or marked
    assert named is not None
    return io.BufferedReader(_Transcoded(stream, named, place), _BLOCK)


class _Transcoded(io.RawIOBase):
    def __init__(self, stream: io.BufferedReader, encoding: str, place: object) -> None:
        name = codecs.lookup(encoding).name
        self._wide = name.startswith(("utf-16", "utf-32"))
        self._errors = "surrogatepass" if self._wide else "surrogateescape"
        self._decoder = codecs.getincrementaldecoder(name)(self._errors)
        self._stream = stream
        self._encoding = name
        self._place = place
        self._ready = b""
        self._begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        ended = False
        while not self._ready and not ended:
            block = self._stream.read(_BLOCK)
            ended = not block
            self._ready = self._converted(block, ended)
        part, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._stream.close()
        super().close()

    def _converted(self, block: bytes, last: bool) -> bytes:
        try:
            text = self._decoder.decode(block, last)
            if text and not self._begun:
                self._begun = True
                text = text.removeprefix("\ufeff")
            return text.encode("utf-8", self._errors)
        except UnicodeError as error:
            raise BadInput(
                f"text in {self._encoding} at {self._place}",
                str(error),
                "Save it as UTF-8, or name its true --encoding.",
            ) from None


def likely_encoding(head: bytes) -> str:
    """What bytes that are no UTF-8 may be: a guess for a remedy, never acted upon."""
    if head.count(0) > len(head) // 5:
        return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
    for name, codec, common in _OF_PAIRS:
        text = head.decode(codec, "ignore")
        foreign = [sign for sign in text if sign > "\x7f"]
        fitting = sum(common[0] <= sign <= common[1] for sign in foreign)
        is_whole = len(text.encode(codec)) >= len(head) - 1
        if is_whole and foreign and fitting > len(foreign) * 0.6:
            return name
    return "cp1252"
