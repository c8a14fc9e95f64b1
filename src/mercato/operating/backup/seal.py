"""The end of a backup: how long it is unpacked, and the checksum of all before.

It is a skippable frame (RFC 8878, section 3.1.2), so that ``tar --zstd`` reads the file as any
other, while a single bit that differs anywhere in it is found.
"""

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

from mercato.core.errors import BadInput, ChecksFailed, NotFound
from mercato.core.progress import Progress

_FRAME = struct.Struct("<II16sQ32s")
"""Magic number, bytes that follow, our mark, bytes unpacked, SHA-256."""

_MAGIC = 0x184D2A50
_MARK = b"mercato backup 1"
_CHECKSUM_BYTES = 32
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Seal:
    """unpacked : bytes of all members together"""

    unpacked: int


def seal_bytes(unpacked: int, digest: "hashlib._Hash") -> bytes:
    """The frame behind an archive. ``digest``: of what was written so far."""
    head = _FRAME.pack(_MAGIC, _FRAME.size - 8, _MARK, unpacked, b"")[:-_CHECKSUM_BYTES]
    digest.update(head)
    return head + digest.digest()


def check_seal(file: Path, progress: Progress) -> Seal:
    """Read the whole file and compare its checksum.

    Raises NotFound where there is no file, BadInput where it is no backup or lacks its end,
    ChecksFailed where a byte of it has changed.
    """
    if not file.is_file():
        raise NotFound(f"a backup at {file}", "no file", "Check the path.")
    length = file.stat().st_size - _CHECKSUM_BYTES
    digest = hashlib.sha256()
    head = b""
    with file.open("rb") as stream, progress.step("Checking the backup", length) as step:
        while length > 0 and (block := stream.read(min(_BLOCK, length))):
            digest.update(block)
            head = (head + block)[-_FRAME.size :]
            length -= len(block)
            step.advance(len(block))
        written = stream.read()
    magic, size, mark, unpacked, _ = _FRAME.unpack(_padded(head))
    if (magic, size, mark) != (_MAGIC, _FRAME.size - 8, _MARK):
        raise BadInput(
            f"a whole backup of Mercato at {file}",
            "a file that does not end as one: cut short, or something else",
            "Name a file that mercato backup wrote, or copy it again.",
        )
    if digest.digest() != written:
        raise ChecksFailed(
            f"{file} as it was written",
            "bytes that have changed since",
            "Copy it again from where it was kept, or take another backup.",
        )
    return Seal(unpacked)


def _padded(head: bytes) -> bytes:
    """The frame without its checksum, as long as a whole one."""
    return head[-(_FRAME.size - _CHECKSUM_BYTES) :].rjust(
        _FRAME.size - _CHECKSUM_BYTES, b"\0"
    ) + bytes(_CHECKSUM_BYTES)
