"""Packed files: gzip, zstd, bzip2, and a .zip that holds one data file. What comes out is bounded.

A few kilobytes can unpack to terabytes (D. Fifield, A better zip bomb, WOOT 2019), so a stream
ends with an error where it has become out of all proportion to its file.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from mercato.core.errors import BadInput

ALWAYS_BYTES = 1 << 28
"""So much may come out of a file of any size."""

MOST_RATIO = 200
"""Above that, at most so many times the file's bytes; logs reach 10 to 60."""

PACKED_SUFFIXES = (".gz", ".gzip", ".zst", ".zstd", ".bz2", ".zip")

_MAGIC = ((b"\x1f\x8b\x08", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bz2"))
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
"""What a file of a .zip may be packed by; LZMA's tables have no bound that zipfile could set."""

_MOST_DIRECTORY = 1 << 20
"""Bytes of a .zip's own list of files: about ten thousand names."""

_BLOCK = 1 << 20


class _Bytes(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


def opened(path: Path) -> io.BufferedReader:
    """The bytes of a file, unpacked where they are packed; cannot be rewound.

    Raises BadInput where a .zip holds no single data file; reading raises it where the file is
    damaged or unpacks without measure.
    """
    with path.open("rb") as stream:
        head = stream.read(4)
    if head in _ZIP_MAGIC:
        return _of_zip(path)
    for magic, name in _MAGIC:
        if head.startswith(magic):
            unpacked = pa.CompressedInputStream(pa.OSFile(str(path)), name)
            return _bounded(path, unpacked, path.stat().st_size)
    return io.BufferedReader(io.FileIO(path), _BLOCK)


def inner_name(path: Path) -> str:
    """What the file is called once it is unpacked."""
    with path.open("rb") as stream:
        if stream.read(4) in _ZIP_MAGIC:
            return Path(_member(path, zipfile.ZipFile(path)).filename).name
    name = path.name
    for suffix in PACKED_SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


class _Bounded(io.RawIOBase):
    """Reads until more has come out than may; errors of the packing become ours."""

    def __init__(self, path: Path, inner: _Bytes, most: int, close: Callable[[], None]) -> None:
        self._path = path
        self._inner = inner
        self._left = most
        self._most = most
        self._close = close

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            found = self._inner.read(len(buffer))
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
            raise _damaged(self._path, error) from None
        self._left -= len(found)
        if self._left < 0:
            raise BadInput(
                f"{self._path} to unpack to at most {self._most >> 20:,} MB "
                f"({MOST_RATIO} times its size)",
                "more, as a decompression bomb has",
                "Unpack it yourself and import what comes out, if you trust it.",
            )
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
            self._close()
        super().close()


def _bounded(
    path: Path, inner: _Bytes, packed: int, close: Callable[[], None] = lambda: None
) -> io.BufferedReader:
    most = max(ALWAYS_BYTES, MOST_RATIO * packed)
    return io.BufferedReader(_Bounded(path, inner, most, close), _BLOCK)


def _of_zip(path: Path) -> io.BufferedReader:
    _check_directory(path)
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _damaged(path, error) from None
    member = _member(path, archive)
    if member.flag_bits & 0x1 or member.compress_type not in _ZIP_METHODS:
        found = "a password" if member.flag_bits & 0x1 else f"method {member.compress_type}"
        raise BadInput(f"{path} packed by deflate", found, "Pack it again, or as .gz.")
    try:
        inner = archive.open(member)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _damaged(path, error) from None
    return _bounded(path, inner, path.stat().st_size, archive.close)


def _member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    names = archive.namelist()
    if "[Content_Types].xml" in names or "mimetype" in names:
        raise BadInput(
            f"text, JSON, XML or Parquet in {path}",
            "a workbook or another office document",
            "Save the sheet as CSV in UTF-8.",
        )
    data = [each for each in archive.infolist() if not each.is_dir() and not _hidden(each)]
    if len(data) != 1:
        few = ", ".join(repr(each.filename) for each in data[:3])
        found = f"{len(data):,}: {few}{', …' if len(data) > 3 else ''}" if data else "none"
        raise BadInput(f"one data file in {path}", found, "Unpack it and name the files.")
    return data[0]


def _hidden(member: zipfile.ZipInfo) -> bool:
    """What macOS and others add to an archive."""
    return member.filename.startswith("__MACOSX/") or Path(member.filename).name.startswith(".")


def _check_directory(path: Path) -> None:
    """The list of files is read into memory whole, so it must be small
    (PKWARE, APPNOTE.TXT 6.3.10, 4.3.14 to 4.3.16)."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size - (1 << 16) - 64))
        tail = stream.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) < at + 22:
            raise _damaged(path, "no list of its files at its end")
        directory = struct.unpack_from("<L", tail, at + 12)[0]
        if at >= 20 and tail[at - 20 : at - 16] == b"PK\x06\x07":
            stream.seek(min(struct.unpack_from("<Q", tail, at - 12)[0], size))
            record = stream.read(56)
            directory = struct.unpack_from("<Q", record, 40)[0] if len(record) == 56 else 0
    if directory > _MOST_DIRECTORY:
        raise BadInput(
            f"one data file in {path}",
            f"a list of files of {directory:,} bytes",
            "Unpack it and name the files.",
        )


def _damaged(path: Path, error: object) -> BadInput:
    return BadInput(
        f"a whole packed file at {path}", str(error) or "its end is missing", "Fetch it again."
    )
