"""`python -m mercato.cli.beside` is `mercato` as a server starts it for its own work.

It ends with 0 where the work was done, whatever came of it, and where another process is at it;
with 1 where it failed. What an error says may repeat what a shopper typed; so its kind and the
lines of code that it came through are told, and not its words.
"""

import logging
import os
import sys
import traceback
from types import TracebackType
from typing import Any

import typer.main

from mercato.cli import app
from mercato.cli.without_pandas import without_pandas
from mercato.core.errors import Busy, MercatoError

_FRAMES = 8
"""That are told, the innermost."""


class _WithoutWords(logging.Formatter):
    def formatException(self, ei: Any) -> str:
        return told(ei[1])


def told(error: BaseException) -> str:
    """Of what Mercato refuses, what was expected and the remedy; of an error of the system, its
    name; of all others, the lines of code."""
    kind = type(error).__name__
    if isinstance(error, MercatoError):
        return f"{kind}: expected {error.expected}. {error.remedy}"
    if isinstance(error, OSError) and error.errno is not None:
        kind = f"{kind}: {os.strerror(error.errno)}"
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return "\n".join([kind, *(f"  {at.filename}:{at.lineno} {at.name}" for at in frames)])


def _fail(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    print(told(error), file=sys.stderr)


def main() -> None:
    """The console script, for nobody who looks on."""
    without_pandas()
    handler = logging.StreamHandler()
    handler.setFormatter(_WithoutWords("%(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    sys.excepthook = _fail
    try:
        typer.main.get_command(app)(standalone_mode=False)
    except Busy:
        return


if __name__ == "__main__":
    main()
