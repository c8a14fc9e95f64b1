"""What the first bytes of a file say it is, whatever it is called."""

import re
from typing import Literal

Kind = Literal["parquet", "json", "xml", "html", "text", "binary", "empty"]

_HTML = re.compile(rb"<(!doctype html|html|head|body|script)", re.IGNORECASE)

_BINARY = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "a RIFF file, such as a WebP image"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook of the old kind"),
    (b"SQLite format 3", "an SQLite database"),
    (b"Obj\x01", "an Avro file"),
    (b"ORC\x08", "an ORC file"),
    (b"ARROW1", "an Arrow file"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\xfd7zXZ", "a file packed by xz"),
    (b"\x04\x22\x4d\x18", "a file packed by lz4"),
    (b"\x1f\x8b\x08", "a file packed twice"),
    (b"\x28\xb5\x2f\xfd", "a file packed twice"),
    (b"PK\x03\x04", "a file packed twice"),
    (b"\x7fELF", "a program"),
    (b"PARE", "encrypted Parquet"),
)
"""Signatures at the start of a file (https://en.wikipedia.org/wiki/List_of_file_signatures)."""

_TAR = (257, b"ustar")
_CONTROLS = bytes(sign for sign in range(32) if sign not in b"\t\n\r\x0b\x0c\x1b")


def binary_name(head: bytes) -> str | None:
    """What a file that is no text, JSON, XML or Parquet is; None where it may be one of those."""
    for magic, name in _BINARY:
        if head.startswith(magic):
            return name
    if head[_TAR[0] : _TAR[0] + len(_TAR[1])] == _TAR[1]:
        return "a tar archive"
    if head.count(0) > len(head) // 5:
        return "many zero bytes, as in UTF-16 without its mark"
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return "binary data" if controls > len(head) // 10 else None


def kind_of(head: bytes) -> Kind:
    """``head`` is the file's start, unpacked, in UTF-8 and without a byte order mark."""
    if head[:4] == b"PAR1":
        return "parquet"
    if binary_name(head):
        return "binary"
    head = head.lstrip()
    if head[:1] in (b"{", b"["):
        return "json"
    if head[:1] == b"<":
        return "html" if _HTML.match(head) else "xml"
    return "text" if head else "empty"
