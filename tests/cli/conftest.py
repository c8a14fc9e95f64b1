"""Runs the command line as its users do."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mercato.cli import main

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def mercato_in() -> Run:
    """``mercato_in(folder, …)``: `mercato` with arguments in a folder.

    In this process: one of its own would import for a second or two before it does anything.
    """

    def run(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
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

    return run


@pytest.fixture
def mercato(mercato_in: Run, tmp_path: Path) -> Run:
    """`mercato` with arguments in a temporary folder."""
    return lambda *arguments: mercato_in(tmp_path, *arguments)
