"""`mercato` as its users type it, without a process of its own: that would import for a second or
two before it does anything."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mercato.cli import main


def mercato(folder: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    """What `mercato` with these arguments says in a folder, and its exit code."""
    words = ["mercato", *map(str, arguments)]
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, open(os.devnull) as nothing:
        patch.chdir(folder)
        for name, value in {"COLUMNS": "200", "TERM": "dumb"}.items():
            patch.setenv(name, value)
        replaced = {"argv": words, "stdin": nothing, "stdout": out, "stderr": err}
        # `main` keeps pandas out of its process; other tests may want it.
        for name, value in (replaced | {"meta_path": [*sys.meta_path]}).items():
            patch.setattr(sys, name, value)
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    told = []
    for stream in (out, err):
        stream.flush()
        told.append(stream.buffer.getvalue().decode())
    return subprocess.CompletedProcess(words, code, *told)
