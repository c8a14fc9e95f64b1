"""The command line as a whole: help, exit codes, errors in three parts."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import mercato as package
from mercato.cli import COMMANDS, app


def test_version(mercato):
    done = mercato("--version")
    assert (done.returncode, done.stdout) == (0, f"mercato {package.__version__}\n")


def test_help_lists_every_command_of_the_design(mercato):
    text = mercato("--help").stdout
    for name in (
        "init import build evaluate serve search recommend releases events doctor demo"
    ).split():
        assert f" {name} " in text


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command_has_an_example_of_options_that_exist(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    done = CliRunner().invoke(app, [name, "--help"])
    assert done.exit_code == 0
    text, example, _ = done.stdout.partition(COMMANDS[name].EXAMPLE)
    assert example.startswith(f"Example: mercato {name}")
    for word in example.split():
        if word.startswith("--"):
            assert re.search(f"{word}[ ,]", text), word


def test_wrong_use_exits_with_2(mercato):
    assert mercato("init").returncode == 2
    assert mercato("no-such-command").returncode == 2
    assert mercato("import", "shop").returncode == 2


def test_an_error_says_expected_found_and_remedy_without_a_traceback(mercato, tmp_path):
    done = mercato("build", "nowhere")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "Not found",
        "  expected  a shop at nowhere",
        "  found     no shop.toml there",
        "  remedy    Make one with: mercato init nowhere",
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_is_said_without_a_traceback():
    # Opened for writing, /dev/full answers every write with ENOSPC, as a full disk does.
    code = (
        "import mercato.cli as cli\n"
        "def fail(): open('/dev/full', 'w').write('x' * 100000)\n"
        "cli.app = fail\n"
        "cli.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Make room on that disk" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_answers_without_the_heavy_rooms():
    """Imports of pyarrow, onnxruntime and the like cost seconds; --help needs none of them."""
    code = (
        "import sys, mercato.cli;"
        "print([m for m in ('pyarrow', 'ibis', 'onnxruntime', 'deltalake', 'scipy', 'duckdb')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
