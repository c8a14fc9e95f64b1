"""Runs the command line as its users do."""

import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import command_line

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def mercato_in() -> Run:
    """``mercato_in(folder, …)``: `mercato` with arguments in a folder."""
    return command_line.mercato


@pytest.fixture
def mercato(tmp_path: Path) -> Run:
    """`mercato` with arguments in a temporary folder."""
    return partial(command_line.mercato, tmp_path)
