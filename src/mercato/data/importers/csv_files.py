"""CSV and TSV, by Python's csv module: quoted line ends are right, and so are line numbers."""

import csv
import io
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import orjson
import pyarrow as pa

from mercato.core.errors import BadInput
from mercato.data.importers.raw import BATCH_ROWS, RawBatch, Refusal, Source

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

CSV_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")

_DELIMITERS = ("\t", ";", "|", ",")
"""The most frequent in the header; a comma may also stand within a name."""


def header(source: Source) -> list[str]:
    """The names in the first line; empty where the file is."""
    with _opened(source) as text:
        first = text.readline()
        return next(csv.reader([first], delimiter=_delimiter(first)), [])


def read_csv(source: Source) -> Iterator[RawBatch]:
    """Every column as text, under the header's names.

    Rows with more or fewer fields than the header, and rows that are not UTF-8, are refused.
    Raises BadInput where the file has no header, a name twice, or a quote is never closed.
    """
    with _opened(source) as text:
        first = text.readline()
        names = [
            name.strip() for name in next(csv.reader([first], delimiter=_delimiter(first)), [])
        ]
        _check_names(source, names)
        reader = csv.reader(text, delimiter=_delimiter(first), strict=True)
        while True:
            batch = _next_batch(source, reader, names)
            if batch is None:
                return
            yield batch


def _opened(source: Source) -> io.TextIOWrapper:
    """Bytes that are not UTF-8 come as surrogates, so that their row can be named."""
    return io.TextIOWrapper(source.open_text(), "utf-8", errors="surrogateescape", newline="")


def _delimiter(first_line: str) -> str:
    return max(_DELIMITERS, key=first_line.count)


def _check_names(source: Source, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if not any(names) or twice:
        raise BadInput(
            f"a first line in {source.path} that names each column once",
            f"{', '.join(twice)} twice" if twice else "no names",
            "Give the file a header line.",
        )


def _next_batch(source: Source, reader: "CsvReader", names: list[str]) -> RawBatch | None:
    rows: list[list[str]] = []
    lines: list[int] = []
    refusals: list[Refusal] = []
    read = 0
    start = reader.line_num + 2  # the header was line 1
    try:
        for row in islice(reader, BATCH_ROWS):
            read += 1
            if len(row) == len(names):
                rows.append(row)
                lines.append(start)
            elif row:
                refusals.append(_ragged(row, start, len(names)))
            start = reader.line_num + 2
    except csv.Error as error:
        raise BadInput(
            f"CSV in {source.path}", f"{error} in line {start}", "Mend the quotes of that line."
        ) from None
    if read == 0:
        return None
    try:
        columns = _columns(rows, names)
    except UnicodeEncodeError:
        rows, lines, undecodable = _without_undecodable(rows, lines, names)
        refusals += undecodable
        columns = _columns(rows, names)
    return RawBatch(pa.array(lines, pa.int64()), columns, refusals=tuple(refusals))


def _columns(rows: list[list[str]], names: list[str]) -> dict[str, pa.Array]:
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    arrays = (pa.array(column, pa.string()) for column in cells)
    return {name: array for name, array in zip(names, arrays, strict=True) if name}


def _ragged(row: list[str], line: int, expected: int) -> Refusal:
    found = f"{len(row)} fields instead of {expected}"
    return Refusal(line, "row-shape", None, found, _json(row))


def _without_undecodable(
    rows: list[list[str]], lines: list[int], names: list[str]
) -> tuple[list[list[str]], list[int], list[Refusal]]:
    kept: list[list[str]] = []
    kept_lines: list[int] = []
    refusals: list[Refusal] = []
    for row, line in zip(rows, lines, strict=True):
        bad = [at for at, cell in enumerate(row) if not _is_unicode(cell)]
        if bad:
            value = _legible(row[bad[0]])
            refusals.append(Refusal(line, "text-utf8", names[bad[0]], value, _json(row)))
        else:
            kept.append(row)
            kept_lines.append(line)
    return kept, kept_lines, refusals


def _is_unicode(cell: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in cell)


def _legible(cell: str) -> str:
    return cell.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _json(row: list[str]) -> str:
    return orjson.dumps([_legible(cell) for cell in row]).decode()
