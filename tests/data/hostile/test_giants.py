"""Files that are too large for memory in one place: measured, in a process of their own.

The short form holds four of the long ones, which `make soak` runs.
"""

import gzip
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

MOST_MB = 2_000
"""Resident, of an import of any file."""

_IMPORT = """
import re, sys
from pathlib import Path
from mercato.core.errors import MercatoError
from mercato.core.settings import ImportSettings, Settings
from mercato.data.importing import import_items
from mercato.data.store import AssetStore

lenient = Settings(imports=ImportSettings(max_bad_share=1.0))
for path in map(Path, sys.argv[1:]):
    try:
        report = import_items(AssetStore(path.with_suffix(".assets")), [path], settings=lenient)
        said = f"{report.accepted} " + ",".join(sorted(c.check.name for c in report.checks))
    except MercatoError as error:
        said = f"{type(error).__name__}: {error.found}"
    print(said)
# Not getrusage, whose maximum a process inherits from the one that started it.
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""

MB = 1 << 20


def blocks(before: bytes, filling: bytes, megabytes: int, after: bytes) -> Iterator[bytes]:
    yield before
    block = filling * (MB // len(filling))
    for _ in range(megabytes):
        yield block
    yield after


def plain(path: Path, parts: Iterator[bytes]) -> None:
    with path.open("wb") as stream:
        stream.writelines(parts)


def gz(path: Path, parts: Iterator[bytes]) -> None:
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.writelines(parts)


def zst(path: Path, parts: Iterator[bytes]) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.CompressedOutputStream(file, "zstd") as stream:
        for part in parts:
            stream.write(part)


def zipped(path: Path, parts: Iterator[bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("feed.csv", "w", force_zip64=True) as stream:
            for part in parts:
                stream.write(part)


CSV = (b"id,title\n1,x\n2,", b"\n3,y\n")
QUOTED = (b'id,title\n1,x\n2,"', b"\n3,y\n")
LINE = (b'{"id": "1", "title": "x"}\n{"id": "2", "title": "', b'"}\n{"id": "3", "title": "y"}\n')
ARRAY = (b'[{"id": "1", "title": "x"}, {"id": "2", "title": "', b'"}, {"id": "3", "title": "y"}]')
NESTED = (b'[{"id": "1", "title": "x"}, ', b"]")
NOISE = bytes(random.Random(0).choices(range(97, 123), k=MB))
"""Letters that pack no better than others do."""

OPEN_QUOTES = "BadInput: many that are not, the first in line 3"
NO_END = "BadInput: an end that is missing, behind line 1"

Write = Callable[[Path, Iterator[bytes]], None]

GIANTS: dict[str, tuple[Write, tuple[bytes, bytes], bytes, str]] = {
    "csv line": (plain, CSV, NOISE, "2 row-size"),
    "csv line in gz": (gz, CSV, NOISE, "2 row-size"),
    "csv line in zst": (zst, CSV, NOISE, "2 row-size"),
    "csv line in zip": (zipped, CSV, NOISE, "2 row-size"),
    "file of one line": (plain, (b"", b""), NOISE, "BadInput: a line of more than 1,048,576 bytes"),
    "quote without end": (plain, QUOTED, b"z" * 65_535 + b"\n", "2 row-quotes,row-shape"),
    "quotes that open each other": (
        plain,
        QUOTED,
        b'a","b\n',
        "BadInput: many that are not, the first in line 3",
    ),
    "json line": (plain, LINE, NOISE, "2 row-size"),
    "json line in gz": (gz, LINE, NOISE, "2 row-size"),
    "element of an array": (plain, ARRAY, NOISE, "2 row-size"),
    "brackets without end": (
        plain,
        NESTED,
        b"[",
        "BadInput: an end that is missing, behind line 1",
    ),
    "quotes in an element": (plain, ARRAY, b'\\"\\\\ {[ ', "2 row-size"),
}


def written(folder: Path, name: str, megabytes: int) -> Path:
    write, (before, after), filling, _ = GIANTS[name]
    path = folder / f"{name.replace(' ', '-')}.data"
    write(path, blocks(before, filling, megabytes, after))
    return path


def import_measured(paths: list[Path], seconds: int) -> tuple[list[str], int]:
    """What came of each; the most MB that were resident."""
    command = [sys.executable, "-c", _IMPORT, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, done.stderr
    *said, peak = done.stdout.splitlines()
    return said, int(peak)


def test_long_lines_do_not_lie_in_memory(tmp_path: Path) -> None:
    names = ("csv line in zst", "quote without end", "json line", "element of an array")
    said, peak = import_measured([written(tmp_path, name, 18) for name in names], 240)
    assert dict(zip(names, said, strict=True)) == {name: GIANTS[name][-1] for name in names}
    assert peak < 800


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", GIANTS)
def test_a_line_of_a_gigabyte(tmp_path: Path, name: str) -> None:
    (said,), peak = import_measured([written(tmp_path, name, 1024)], 600)
    assert said == GIANTS[name][-1]
    assert peak < MOST_MB


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_ten_gigabytes_in_ten_megabytes_end_in_time(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv.gz"
    with gzip.open(path, "wb") as stream:
        stream.write(b"id,title\n1,")
        for _ in range(10 * 1024):
            stream.write(b"a" * MB)
    (said,), peak = import_measured([path], 300)
    assert said == "BadInput: more, as a decompression bomb has"
    assert peak < MOST_MB


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("texts", "expected"), [(20, "20 "), (200, "NotReady: Out of Memory")])
def test_texts_of_ten_megabytes_come_in_or_are_too_many(
    tmp_path: Path, texts: int, expected: str
) -> None:
    path = tmp_path / "feed.jsonl"
    with path.open("wb") as stream:
        for n in range(texts):
            stream.write(b'{"id": "%d", "title": "x", "description": "' % n)
            stream.write(NOISE * 10 + b'"}\n')
    (said,), peak = import_measured([path], 600)
    assert said.startswith(expected)
    assert peak < MOST_MB
