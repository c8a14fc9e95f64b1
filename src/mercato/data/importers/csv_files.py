"""CSV and TSV: plain stretches by Arrow, the others by Python's csv module, to the same effect."""

from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from mercato.core.errors import BadInput
from mercato.data.importers.csv_blocks import plain_batch
from mercato.data.importers.csv_records import Layout, Records, is_blank
from mercato.data.importers.encodings import likely_encoding
from mercato.data.importers.raw import RawBatch, Refusal, Source
from mercato.data.importers.window import Window

CSV_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")

BLOCK = 1 << 22
"""Bytes that are read at once."""

_FEWEST = 1 << 18
"""Bytes that are read record by record before Arrow is tried again; doubled each time in vain."""

_DELIMITERS = ("\t", ";", "|", ",")
"""The most frequent in the header; a comma may also stand within a name."""

_MOST_HEADER = 1 << 20


def header(source: Source) -> list[str]:
    """The names of the columns; empty where the file has none, or none that could be read."""
    try:
        with source.open_text() as stream:
            return list(_layout(source, Window(stream)).names)
    except BadInput:
        return []


def read_csv(source: Source) -> Iterator[RawBatch]:
    """Every column as text, under the header's names; one without a name is ``column 3``.

    Rows with more or fewer fields than the header, with wrong quotes, of more than `MOST_RECORD`
    bytes, and those that are not UTF-8 are refused. Raises BadInput where the file has no header
    or a name twice, and where so many quotes are never closed that rows cannot be told apart.
    """
    with source.open_text() as stream:
        yield from _batches(source, stream)


def _batches(source: Source, stream: BinaryIO) -> Iterator[RawBatch]:
    window = Window(stream)
    layout = _layout(source, window)
    window.fill(BLOCK)
    if not len(window):
        yield _empty(layout)  # a header alone has columns too
    records = Records(window, layout)
    fewest = _FEWEST
    while True:
        window.fill(BLOCK)
        if not len(window):
            return
        batch = plain_batch(window, layout)
        if batch is None:
            batch = records.batch(fewest)
            fewest = min(2 * fewest, BLOCK)
        else:
            fewest = _FEWEST
        yield _without_headers(batch, layout)


def _without_headers(batch: RawBatch, layout: Layout) -> RawBatch:
    """Files that were joined bear their header in between; it is no row."""
    is_header = pa.array([True] * len(batch.lines), pa.bool_())
    for name, column in batch.columns.items():
        bare = pc.utf8_ltrim(column, "\ufeff") if name == layout.names[0] else column
        is_header = pc.and_(is_header, pc.equal(bare, name))
        if not is_header.true_count:
            return batch
    lines = batch.lines.filter(is_header).to_pylist()
    row = orjson.dumps(layout.names).decode()
    refusals = tuple(Refusal(line, "row-header", None, layout.names[0], row) for line in lines)
    kept = pc.invert(is_header)
    return RawBatch(
        batch.lines.filter(kept),
        {name: column.filter(kept) for name, column in batch.columns.items()},
        refusals=batch.refusals + refusals,
    )


def _empty(layout: Layout) -> RawBatch:
    nothing = pa.array([], pa.string())
    return RawBatch(pa.array([], pa.int64()), dict.fromkeys(layout.names, nothing))


def _layout(source: Source, window: Window) -> Layout:
    """Read the header: the first line that is not blank, or goes on over quoted line ends."""
    window.fill(_MOST_HEADER)
    while (length := window.line_length(0, _MOST_HEADER)) and _line(window, length).isspace():
        window.drop(length, 1)
    first = _line(window, length or 0)
    if length and first.lower().startswith(b"sep=") and len(first.strip()) == 5:
        delimiter = chr(first[4])  # Excel's own line
        window.drop(length, 1)
    else:
        delimiter = max(_DELIMITERS, key=lambda sign: first.count(sign.encode()))
    if length is None:
        found_long = f"a line of more than {_MOST_HEADER:,} bytes"
        raise BadInput(f"a header in {source.path}", found_long, "Give the file a header line.")
    found = Records(window, Layout(source.path, delimiter, ())).next()
    if isinstance(found, Refusal):
        if found.check == "text-utf8":
            likely = likely_encoding(source.head)
            raise BadInput(
                f"a header in UTF-8 in {source.path}",
                found.value or "",
                f"Save the file as UTF-8, or try --encoding {likely}.",
            )
        raise BadInput(
            f"a header in {source.path}", f"{found.value} in line {found.line}", "Mend that line."
        )
    return Layout(source.path, delimiter, _names(source, found or []))


def _line(window: Window, length: int) -> bytes:
    return window.held[window.at : window.at + length]


def _names(source: Source, written: list[str]) -> tuple[str, ...]:
    names = [name.strip() for name in written]
    twice = sorted(name for name, count in Counter(names).items() if name and count > 1)
    if is_blank(written) or not any(names) or twice:
        raise BadInput(
            f"a first line in {source.path} that names each column once",
            f"{', '.join(twice)} twice" if twice else "no names",
            "Give the file a header line.",
        )
    return tuple(name or f"column {at}" for at, name in enumerate(names, start=1))
