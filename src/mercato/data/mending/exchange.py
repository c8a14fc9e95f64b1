"""Rows of the quarantine as JSON lines that people mend, and back.

A line holds the row under the names of its source, and in ``__quarantine`` where it stands and
what is wrong with it. A row that could not be read at all stands as it was written in ``__text``.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mercato.core.errors import BadInput, NotFound
from mercato.data.mending.held import HeldRow

ABOUT = "__quarantine"
TEXT = "__text"
_REST = "…"
"""Where a refused row keeps the fields of its source that have no column."""

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Mended:
    """line : of the file; key : of the row in the quarantine; fields : what the row says now"""

    line: int
    key: str
    fields: Fields


def exchanged(held: HeldRow) -> dict[str, Any]:
    """A row as it is given out to be mended."""
    check = held.declared
    about = {
        "key": held.key,
        "asset": held.asset,
        "source": held.source,
        "line": held.source_line,
        "check": held.check,
        "column": held.column,
        "found": held.value,
        "expected": check.expected,
        "remedy": check.remedy,
    }
    return {**fields_of(held), ABOUT: about}


def fields_of(held: HeldRow) -> Fields:
    """What the row said when it was refused."""
    row: Any = json.loads(held.row)
    if isinstance(row, list):
        return {f"column {at}": cell for at, cell in enumerate(row, start=1)}
    if not isinstance(row, dict):
        return {TEXT: row if isinstance(row, str) else json.dumps(row)}
    rest = row.get(_REST)
    if not isinstance(rest, str):
        return dict(row)
    further: dict[str, Any] = json.loads(rest)
    return {name: value for name, value in row.items() if name != _REST} | further


def read_mended(file: Path) -> Iterator[Mended]:
    """The lines of a mended file. Raises NotFound, or BadInput that names the line."""
    if not file.is_file():
        raise NotFound(f"a file at {file}", "nothing", "Check the path.")
    with file.open(encoding="utf-8", errors="surrogateescape") as lines:
        for number, text in enumerate(lines, start=1):
            if text.strip():
                yield _mended(file, number, text)


def _mended(file: Path, number: int, text: str) -> Mended:
    try:
        text.encode()  # what is no UTF-8 came as surrogates
        fields = json.loads(text)
        key = fields.pop(ABOUT)["key"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        key = None
    if not isinstance(key, str):
        raise BadInput(
            f"in line {number} of {file} a JSON object with {ABOUT}",
            text.strip()[:100].encode("utf-8", "backslashreplace").decode(),
            "Mend the lines that mercato quarantine --export wrote, and leave their last field.",
        )
    return Mended(number, key, fields)
