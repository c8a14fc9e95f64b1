"""What a command of `mercato` answers beside a server: its memory goes with its process."""

import json
import re
import subprocess
import sys
from typing import Any

from mercato.core.errors import NotReady, Overloaded

_NAMES = ("expected", "found", "remedy")
_PARTS = re.compile(rf"^ +({'|'.join(_NAMES)}) (.*)$", re.MULTILINE)

_FOUND = 400
"""Characters of what a command said that go into an error."""


def answered(*words: str, seconds: float = 60.0) -> Any:
    """The JSON of ``mercato WORDS --json``, also where the command then failed on purpose.

    Raises NotReady with what it refused where it answered nothing, Overloaded where it took longer.
    """
    command = [sys.executable, "-m", "mercato.cli", *words, "--json"]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Overloaded(
            f"an answer within {seconds:.0f} seconds", "none", "Try again, or on the command line."
        ) from None
    if not done.stdout.strip():
        raise _refusal(words[0], done.stderr)
    return json.loads(done.stdout)


def _refusal(command: str, said: str) -> NotReady:
    """The three parts of an error as `cli.output.print_error` writes them, or else all of it."""
    parts = {name: text.strip() for name, text in _PARTS.findall(said)}
    if len(parts) == len(_NAMES):
        return NotReady(*(parts[name] for name in _NAMES))
    found = " ".join(said.split())[-_FOUND:] or "nothing"
    return NotReady(f"an answer of mercato {command}", found, "Try it on the command line.")
