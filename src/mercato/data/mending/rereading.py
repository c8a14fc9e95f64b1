"""Reads mended rows from where they had come when they were refused."""

import csv
import io
import json
import tempfile
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

import pyarrow as pa

from mercato.data.importers import DIALECTS
from mercato.data.importers.json_files import batch_of
from mercato.data.importers.raw import Dialect, RawBatch, Reading, Source
from mercato.data.mending.exchange import TEXT, Fields, fields_of
from mercato.data.mending.held import HeldRow, RowReading


@dataclass(frozen=True)
class Retried:
    """A row of the quarantine, and what it says now.

    said : None where nothing can be read of it yet
    """

    held: HeldRow
    said: Fields | None


def retried(held: HeldRow, how: RowReading, fields: Fields) -> Retried:
    """What is to be read of a mended row. A line of CSV that nobody mended says as little as
    before; of any other row an untouched one is looked at again: settings may have changed."""
    said = _whole(fields)
    untouched = said == fields_of(held) and how.level == "source" and how.kind == "text"
    return Retried(held, said if isinstance(said, dict) and said and not untouched else None)


def _whole(fields: Fields) -> object:
    """The fields; where nobody wrote any, the text, as the value that it is by now."""
    if set(fields) != {TEXT}:
        return {name: value for name, value in fields.items() if name != TEXT}
    try:
        return json.loads(fields[TEXT])
    except (ValueError, TypeError, RecursionError):
        return None


def reread(said: Sequence[Fields], how: RowReading, reading: Reading) -> Iterator[RawBatch]:
    """Batches whose ``lines``, also those of refusals, are positions in ``said``.

    how : what all of the rows have in common

    Raises BadInput where the dialect cannot read them.
    """
    dialect = DIALECTS.get(how.format or "")
    write = _WRITERS.get(how.kind)
    if how.level == "source" and dialect is not None and write is not None:
        yield from _by_dialect(dialect, *write(said), reading)
    else:
        yield batch_of([(at, dict(fields)) for at, fields in enumerate(said)], reading.wanted)


def _json_lines(said: Sequence[Fields]) -> tuple[str, list[int]]:
    """JSON lines, and the line on which each row starts."""
    texts = [json.dumps(fields) + "\n" for fields in said]
    return "".join(texts), list(range(1, len(texts) + 1))


def _csv(said: Sequence[Fields]) -> tuple[str, list[int]]:
    """CSV under all names that any row has, and the line on which each row starts."""
    names = list(dict.fromkeys(name for fields in said for name in fields))
    records = ["sep=;\n", _record(names)]  # the first is Excel's way to name the delimiter
    records += [_record([_cell(fields.get(name)) for name in names]) for fields in said]
    ends = list(accumulate((record.count("\n") for record in records), initial=1))
    return "".join(records), ends[2:-1]


def _record(cells: Sequence[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", lineterminator="\n").writerow(cells)
    return text.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


_WRITERS = {"json": _json_lines, "parquet": _json_lines, "text": _csv}
"""Kinds of sources whose rows can be written down again, for their dialect to read: whoever reads
Parquet reads JSON too."""


def _by_dialect(
    dialect: Dialect, text: str, starts: Sequence[int], reading: Reading
) -> Iterator[RawBatch]:
    """``starts``: the line of ``text`` on which each of the rows starts."""

    def position(line: int) -> int:
        return bisect_right(starts, line) - 1

    with tempfile.TemporaryDirectory(prefix="mercato-") as scratch:
        file = Path(scratch) / "mended"
        file.write_text(text, encoding="utf-8", errors="surrogatepass")
        for batch in dialect.read(Source(file, (file,)), reading):
            lines = [position(line) for line in batch.lines.to_pylist()]
            refusals = [replace(each, line=position(each.line)) for each in batch.refusals]
            yield replace(batch, lines=pa.array(lines, pa.int64()), refusals=tuple(refusals))
