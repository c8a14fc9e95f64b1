"""Whole blocks of CSV at once, by Arrow, where each of their bytes is as RFC 4180 has it.

Arrow's reader and Python's agree on such blocks (tested), but not on quotes within fields, lone
carriage returns or broken text: what is not plain is left to `csv_records`.
"""

import csv
import io

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from mercato.data.importers.csv_records import Layout, is_blank, ragged
from mercato.data.importers.raw import RawBatch, Refusal
from mercato.data.importers.window import Window

_QUOTE, _LF, _CR = 34, 10, 13

_LEAST = 1 << 16
"""A shorter stretch before something odd is not worth the call."""


def plain_batch(window: Window, layout: Layout) -> RawBatch | None:
    """The plain records at the beginning of what the window holds, which are then dropped; None
    where there are too few."""
    raw = window.held[window.at :]
    data = np.frombuffer(raw, np.uint8)
    quotes = np.flatnonzero(data == _QUOTE)
    newlines = np.flatnonzero(data == _LF)
    sound = _sound(raw, data, quotes, ord(layout.delimiter))
    outside = np.searchsorted(quotes, newlines) % 2 == 0
    records = np.flatnonzero(outside & (newlines < sound))  # which newlines end a record
    if not len(records) or (sound < len(raw) and newlines[records[-1]] < _LEAST):
        return None
    ends = newlines[records]
    starts = np.concatenate(([0], ends[:-1] + 1))
    lines = window.line + np.concatenate(([0], records[:-1] + 1))
    blank = (ends == starts) | ((ends == starts + 1) & (data[starts] == _CR))
    batch = _parsed(raw[: ends[-1] + 1], lines[~blank], layout)
    if batch is not None:
        window.drop(int(ends[-1]) + 1, int(records[-1]) + 1)
    return batch


def _sound(raw: bytes, data: np.ndarray, quotes: np.ndarray, delimiter: int) -> int:
    """Before which byte everything is plain text whose quotes open and close fields."""
    odd = [len(raw), raw.find(b"\0")]
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        odd.append(error.start)
    if raw.count(b"\r") != raw.count(b"\r\n"):
        returns = np.flatnonzero(data[:-1] == _CR)
        odd += returns[data[returns + 1] != _LF][:1].tolist()
    before = np.concatenate(([_LF], data[:-1]))[quotes[::2]]
    after = np.concatenate((data[1:], [_LF]))[quotes[1::2]]
    opens = (before == delimiter) | (before == _LF) | (before == _QUOTE)
    closes = (after == delimiter) | (after == _LF) | (after == _CR) | (after == _QUOTE)
    odd += quotes[::2][~opens][:1].tolist() + quotes[1::2][~closes][:1].tolist()
    return min(at for at in odd if at >= 0)


def _parsed(raw: bytes, lines: np.ndarray, layout: Layout) -> RawBatch | None:
    """``lines`` : (records,) where each starts; None where Arrow counts other records."""
    refused: list[tuple[int, list[str]]] = []

    def refuse(row: pacsv.InvalidRow) -> str:
        cells = next(csv.reader(io.StringIO(row.text, newline=""), delimiter=layout.delimiter))
        refused.append((row.number - 1, cells))
        return "skip"

    names = [str(at) for at in range(len(layout.names))]
    try:
        table = pacsv.read_csv(
            pa.BufferReader(raw),
            pacsv.ReadOptions(use_threads=False, column_names=names, block_size=len(raw) + 1),
            pacsv.ParseOptions(
                delimiter=layout.delimiter,
                newlines_in_values=True,
                invalid_row_handler=refuse,
            ),
            pacsv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows + len(refused) != len(lines):
        return None
    good = np.ones(len(lines), bool)
    good[[at for at, _ in refused]] = False
    refusals: list[Refusal] = [
        ragged(cells, int(lines[at]), layout.names) for at, cells in refused if not is_blank(cells)
    ]
    columns = [column.combine_chunks() for column in table.columns]
    return RawBatch(
        pa.array(lines[good], pa.int64()),
        dict(zip(layout.names, columns, strict=True)),
        refusals=tuple(refusals),
    )
