"""Packed files as they should not be, and those that are in order."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib

import pyarrow as pa
import pytest

from mercato.core.errors import BadInput
from mercato.data.importers import packed


def feed(k):
    return f"id,title\n{k}1,x\n{k}2,y\n".encode()


def zstd(content):
    return pa.compress(content, "zstd", asbytes=True)


def zipped(*names, content=feed, method=zipfile.ZIP_DEFLATED):
    def build(k):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", method) as archive:
            for name in names:
                archive.writestr(name, b"" if name.endswith("/") else content(k))
        return stream.getvalue()

    return build


def with_password(k):
    """The flag of an encrypted member set (APPNOTE.TXT 4.4.4), in both headers."""
    content = bytearray(zipped("a.csv")(k))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    return bytes(content)


def with_directory_of(size):
    """The end record of a .zip says that its list of files takes ``size`` bytes."""

    def build(k):
        content = bytearray(zipped("a.csv")(k))
        struct.pack_into("<L", content, content.rindex(b"PK\x05\x06") + 12, size)
        return bytes(content)

    return build


def damaged(build, at, length=1):
    def changed(k):
        content = bytearray(build(k))
        at_byte = int(len(content) * at)
        for byte in range(at_byte, min(at_byte + length, len(content))):
            content[byte] ^= 0xFF
        return bytes(content)

    return changed


def long_line(megabytes):
    """A feed whose last line unpacks to so much of one sign."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    parts = [packer.compress(b"id,title\n1,x\n2,")]
    parts += [packer.compress(b"a" * (1 << 20)) for _ in range(megabytes)]
    return b"".join([*parts, packer.flush()])


def tar(k):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        info = tarfile.TarInfo("a.csv")
        info.size = len(feed(k))
        archive.addfile(info, io.BytesIO(feed(k)))
    return stream.getvalue()


GZIP = lambda k: gzip.compress(feed(k))  # noqa: E731

KINDS = {
    "gzip": (GZIP, 2, ()),
    "gzip in two parts": (
        lambda k: gzip.compress(f"id,title\n{k}1,x\n".encode()) + gzip.compress(b"2,y\n"),
        2,
        (),
    ),
    "zstd": (lambda k: zstd(feed(k)), 2, ()),
    "zstd in two parts": (lambda k: zstd(b"id,title\n") + zstd(f"{k}1,x".encode()), 1, ()),
    "bzip2": (lambda k: bz2.compress(feed(k)), 2, ()),
    "gzip of utf-16": (lambda k: gzip.compress(feed(k).decode().encode("utf-16")), 2, ()),
    "gzip of json": (lambda k: gzip.compress(f'[{{"id": "{k}", "title": "x"}}]'.encode()), 1, ()),
    "zip": (zipped("feed.csv"), 2, ()),
    "zip, stored": (zipped("feed.csv", method=zipfile.ZIP_STORED), 2, ()),
    "zip by bzip2": (zipped("feed.csv", method=zipfile.ZIP_BZIP2), 2, ()),
    "zip of a mac": (zipped("feed.csv", "__MACOSX/._feed.csv", ".DS_Store"), 2, ()),
    "zip with folders": (zipped("out/", "out/feed.csv"), 2, ()),
    "zip that climbs": (zipped("../../../etc/feed.csv"), 2, ()),
    "zip of no name": (zipped("feed"), 2, ()),
    "gzip cut": (lambda k: GZIP(k)[:-9], BadInput, "whole packed file"),
    "gzip cut in its head": (lambda k: GZIP(k)[:5], BadInput, "whole packed file"),
    "gzip with a wrong checksum": (damaged(GZIP, 0.9), BadInput, "whole packed file"),
    "gzip damaged": (damaged(GZIP, 0.4, 8), BadInput, "whole packed file"),
    "gzip and junk": (lambda k: GZIP(k) + b"junk" * 9, BadInput, "whole packed file"),
    "gzip of nothing": (lambda k: gzip.compress(b""), BadInput, "nothing but blanks"),
    "gzip twice": (lambda k: gzip.compress(GZIP(k)), BadInput, "packed twice"),
    "gzip of a pdf": (lambda k: gzip.compress(b"%PDF-1.7"), BadInput, "a PDF document"),
    "gzip of parquet": (
        lambda k: gzip.compress(b"PAR1" * 9),
        BadInput,
        "Parquet is packed already",
    ),
    "gzip of a bomb": (lambda k: long_line(40), BadInput, "at most 16 MB .*decompression bomb"),
    "tar": (tar, BadInput, "a tar archive"),
    "zstd cut": (lambda k: zstd(feed(k))[:-3], BadInput, "whole packed file"),
    "zstd damaged": (lambda k: zstd(feed(k))[:9] + b"\xff" * 30, BadInput, "whole packed file"),
    "zstd of a bomb": (
        lambda k: zstd(b"id,title\n1," + b"a" * (40 << 20)),
        BadInput,
        "decompression bomb",
    ),
    "bzip2 cut": (lambda k: bz2.compress(feed(k))[:-3], BadInput, "whole packed file"),
    "xz": (lambda k: lzma.compress(feed(k)), BadInput, "packed by xz"),
    "lz4": (lambda k: pa.compress(feed(k), "lz4", asbytes=True), BadInput, "."),
    "7z": (lambda k: b"7z\xbc\xaf\x27\x1c", BadInput, "a 7z archive"),
    "rar": (lambda k: b"Rar!\x1a\x07\x00", BadInput, "a RAR archive"),
    "zip of two files": (
        zipped("a.csv", "b.csv"),
        BadInput,
        "one data file .* 2: 'a.csv', 'b.csv'",
    ),
    "zip of a thousand files": (zipped(*map(str, range(1000))), BadInput, "found 1,000: '0'"),
    "zip of nothing": (zipped(), BadInput, "one data file .* found none"),
    "zip of a folder": (zipped("out/"), BadInput, "found none"),
    "zip of a zip": (zipped("a.zip", content=zipped("a.csv")), BadInput, "packed twice"),
    "zip by lzma": (zipped("a.csv", method=zipfile.ZIP_LZMA), BadInput, "method 14"),
    "zip with a password": (with_password, BadInput, "a password"),
    "zip with a list beyond measure": (with_directory_of(1 << 30), BadInput, "list of files of"),
    "zip whose list is elsewhere": (with_directory_of(1 << 19), BadInput, "whole packed file"),
    "zip cut": (lambda k: zipped("a.csv")(k)[:-30], BadInput, "whole packed file"),
    "zip with a wrong checksum": (
        damaged(zipped("a.csv", method=zipfile.ZIP_STORED), 0.3),
        BadInput,
        "whole packed file",
    ),
    "zip mark alone": (lambda k: b"PK\x03\x04", BadInput, "whole packed file"),
    "workbook": (zipped("[Content_Types].xml", "xl/workbook.xml"), BadInput, "a workbook"),
    "open document": (zipped("mimetype", "content.xml"), BadInput, "a workbook"),
}
ROWS = [name for name, kind in KINDS.items() if isinstance(kind[1], int)]
ERRORS = [name for name in KINDS if name not in ROWS]


@pytest.fixture(scope="module")
def packed_outcomes(hostile_rows):
    return hostile_rows("items", "data", KINDS)


@pytest.mark.parametrize("name", ROWS)
def test_rows(packed_outcomes, name):
    assert packed_outcomes[name] == KINDS[name][1:]


@pytest.mark.parametrize("name", ERRORS)
def test_refused_whole(refused_whole, name, monkeypatch):
    monkeypatch.setattr(packed, "ALWAYS_BYTES", 1 << 24)  # so that small bombs are bombs
    refused_whole("items", "data", KINDS[name])
