"""What every reader of a source gives: batches of rows as they were written, with their lines."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

import pyarrow as pa

from mercato.data.importers.encodings import as_utf8
from mercato.data.importers.packed import inner_name, opened
from mercato.data.importers.signatures import Kind, kind_of

BATCH_ROWS = 65_536
"""Rows that are in memory at once, per step of an import."""

MOST_RECORD = 1 << 24
"""Bytes of one line, row or object. A longer one is refused, and reading goes on behind it."""

SHOWN = 300
"""Signs that are kept of what is too long to be kept."""

HEAD_BYTES = 65_536
"""What is looked at of a file to tell its dialect."""


@dataclass(frozen=True)
class Source:
    """A file, or the files of a folder, that an import reads.

    encoding : of its text, where it is named; else UTF-8, or what a byte order mark says
    """

    path: Path
    files: tuple[Path, ...]
    encoding: str | None = None

    @cached_property
    def sha256(self) -> str:
        """Of the bytes of its files, one behind the other."""
        digest = hashlib.sha256()
        for file in self.files:
            with file.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
        return digest.hexdigest()

    @cached_property
    def suffix(self) -> str:
        """The ending of the unpacked file's name, in lower case: ``.csv`` of ``a.CSV.gz``."""
        name = inner_name(self.path) if self.path.is_file() else self.path.name
        return Path(name).suffix.lower()

    @cached_property
    def head(self) -> bytes:
        """The first bytes of its one file, unpacked and in UTF-8; a folder has none."""
        if not self.path.is_file():
            return b""
        with self.open_text() as stream:
            return stream.read(HEAD_BYTES)

    @cached_property
    def kind(self) -> Kind:
        """What its bytes look like, whatever the file is called."""
        return kind_of(self.head)

    def open(self) -> BinaryIO:
        """The bytes of its one file, unpacked; not to be rewound. Raises BadInput, now or while
        it is read, where the file is damaged or unpacks without measure."""
        return opened(self.path)

    def open_text(self) -> BinaryIO:
        """The same as UTF-8 and without a byte order mark; errors as with ``open``."""
        return as_utf8(opened(self.path), self.encoding, self.path)


Level = Literal["source", "columns", "asset"]
"""How far a refused row had come: as the source wrote it, under the names that its dialect gave
its columns, or as a row of the asset, which another of the same key contradicts."""


@dataclass(frozen=True)
class Refusal:
    """A row that could not even be read as a row, or fails before it has columns.

    row : the row as it stood at its level, as JSON
    """

    line: int
    check: str
    column: str | None
    value: str | None
    row: str
    level: Level = "source"


@dataclass(frozen=True)
class RawBatch:
    """Rows of a source, by column, all (n,) long.

    lines    : (n,) int64, the line of the source on which each row starts, counted from 1
    columns  : what was written, text or typed
    rest     : (n,) JSON objects of further fields, where the source is wide and sparse
    refusals : rows of the same stretch of the source that have no place in ``columns``
    lines_in : where the source is a folder, the name of its file whose lines are counted
    left_out : rows that say nothing which the asset holds, such as a page view; by their kind
    """

    lines: pa.Int64Array
    columns: Mapping[str, pa.Array]
    rest: pa.StringArray | None = None
    refusals: tuple[Refusal, ...] = field(default=())
    lines_in: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """What a dialect is asked for.

    asset  : the asset's name: items, events or judgments
    ours   : the asset's columns
    mapped : further columns of the source that the user maps to ours
    """

    asset: str
    ours: frozenset[str]
    mapped: frozenset[str] = frozenset()

    @property
    def wanted(self) -> frozenset[str]:
        """The columns that get an array of their own; others may go to ``rest``."""
        return self.ours | self.mapped


class Dialect(Protocol):
    """One way in which shops write their feeds and logs."""

    @property
    def name(self) -> str:
        """What ``--format`` calls it."""

    @property
    def assets(self) -> frozenset[str]:
        """What it can hold: items, events, judgments."""

    def holds(self, source: Source, asset: str) -> bool:
        """Whether the source looks like this dialect."""

    def read(self, source: Source, reading: Reading) -> Iterator[RawBatch]:
        """The source's rows, in its order, in batches. Columns that the dialect understands
        bear our names, others the source's."""
