"""How commands print: tables and JSON on stdout, progress and errors on stderr."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mercato.core.errors import MercatoError

_WIDE = 200
"""Characters of a table's line where no terminal sets a limit."""


_CONTROLS = {
    sign: f"\\x{sign:02x}" for sign in (*range(32), *range(127, 160)) if chr(sign) not in "\n\t"
}


def visible(text: str) -> str:
    """With control signs spelled out: what a feed says must not steer a terminal."""
    return text.translate(_CONTROLS)


def errors_console() -> Console:
    """Where progress and errors go, so that stdout stays clean for pipes."""
    return Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """One line for a person, on stderr."""
    errors_console().print(Text(text), soft_wrap=True)


def print_error(error: MercatoError) -> None:
    """The three parts of an error, in words its reader can act on."""
    console = errors_console()
    console.print(Text(error.title, style="bold red"))
    parts = {"expected": error.expected, "found": error.found, "remedy": error.remedy}
    for name, text in parts.items():
        console.print(Text.assemble((f"  {name:<9} ", "bold"), visible(text)), soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = ()
) -> None:
    """A table on stdout; the columns named in ``right`` are aligned to the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else visible(str(cell))) for cell in row))
    # In a pipe or a log nothing is gained by folding cells at 80 characters.
    limited = sys.stdout.isatty() or "COLUMNS" in os.environ
    Console(highlight=False, width=None if limited else _WIDE).print(table)
