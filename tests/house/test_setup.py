"""`scripts/setup` says what a machine lacks, and the remedy, before it does anything."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = ("scripts/setup", "pyproject.toml", "constraints.txt", "requirements-demo.txt")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What of a clone the script reads, and a folder ``bin`` of commands made up for a test."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for name in ("sh", "dirname", "cat", "cksum", "df", "awk", "sed"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or name)
    return tmp_path


def command(clone: Path, name: str, script: str) -> None:
    path = clone / "bin" / name
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


REAL = f'exec {sys.executable} "$@"'
"""The body of a command that is this Python."""


def setup(clone: Path, kind: str = "demo", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [clone / "scripts" / "setup", kind],
        env={"PATH": str(clone / "bin"), "HOME": str(clone)} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_no_python_at_all(clone):
    done = setup(clone)
    assert done.returncode == 1
    assert "expected  Python 3.11 or newer\nfound     no Python at all\n" in done.stderr
    assert "apt install python3" in done.stderr


def test_a_python_that_is_too_old_is_named(clone):
    # The script asks twice: for the version to print, and whether it is new enough.
    old = 'case "$2" in *exit*) exit 1;; *print*) echo 3.9.2;; esac'
    command(clone, "python3", old)
    done = setup(clone)
    assert done.returncode == 1
    assert "python3 is 3.9.2" in done.stderr
    assert "PYTHON=/path/to/python3.11" in done.stderr


def test_a_python_without_venv(clone):
    command(clone, "python3", f'case "$2" in *ensurepip*) exit 1;; esac; {REAL}')
    done = setup(clone)
    assert done.returncode == 1
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"apt install python{version}-venv" in done.stderr


def test_no_room_on_the_disk(clone):
    command(clone, "python3", REAL)
    command(clone, "df", "echo Head; echo /dev/x 100 90 10 90% /")
    done = setup(clone)
    assert done.returncode == 1
    assert "found     10 MB" in done.stderr
    assert not (clone / ".venv").exists()


def test_packages_that_cannot_be_fetched(clone):
    command(clone, "python3", REAL)
    environment = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    done = setup(clone, **environment)
    assert done.returncode == 1
    assert "expected  packages from the package index" in done.stderr
    assert "Check the network" in done.stderr
    assert not list((clone / ".venv").glob(".installed*"))


def test_what_is_there_is_not_done_again_until_a_pin_changes(clone):
    make_venv = 'mkdir -p .venv/bin; cp "$HOME/bin/fake" .venv/bin/python'
    command(clone, "python3", f'case "$*" in *"-m venv"*) {make_venv};; *) {REAL};; esac')
    command(clone, "fake", 'case "$*" in *"-m pip"*) echo "$@" >>"$HOME/pip.log";; esac')
    for name in ("mkdir", "cp"):
        (clone / "bin" / name).symlink_to(shutil.which(name) or name)

    def pip_runs() -> int:
        return len((clone / "pip.log").read_text().splitlines())

    assert setup(clone).returncode == 0
    once = pip_runs()
    assert setup(clone).returncode == 0
    assert pip_runs() == once
    with (clone / "constraints.txt").open("a") as file:
        file.write("left-pad==1.0\n")
    assert setup(clone).returncode == 0
    assert pip_runs() == 2 * once


def test_no_part_of_the_runtime_needs_torch_or_a_compiler():
    pins = (ROOT / "constraints.txt").read_text().splitlines()
    names = {line.partition("==")[0] for line in pins if "==" in line}
    assert not names & {"torch", "transformers", "sentence-transformers", "nvidia-cublas", "cython"}
    assert len(names) > 50
