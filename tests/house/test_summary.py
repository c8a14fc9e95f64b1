"""A run of the tests ends with what was not run; with MERCATO_NO_SKIP it fails for it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[1] / "not_run.py"

TESTS = """
import pytest

def test_runs(): pass

@pytest.mark.skip(reason="install chromium: apt install chromium")
def test_needs_a_browser(): pass

@pytest.mark.soak
def test_for_hours(): pass
"""


def run(folder: Path, no_skip: str, *options: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(PLUGIN, folder / "conftest.py")
    (folder / "test_three.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = soak\naddopts = -m 'not soak'\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=folder,
        # Plugins of other tests take seconds to load.
        env=os.environ | {"MERCATO_NO_SKIP": no_skip, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("options", "no_skip", "status"),
    [((), "", 0), ((), "1", 1), (("-p", "xdist", "-n", "2"), "1", 1)],
    ids=["allowed", "not allowed", "not allowed, two processes"],
)
def test_names_what_was_not_run_and_fails_where_none_is_allowed(
    tmp_path: Path, options: tuple[str, ...], no_skip: str, status: int
) -> None:
    done = run(tmp_path, no_skip, *options)
    assert done.returncode == status, done.stdout
    *_, closing = said = list(filter(None, done.stdout.splitlines()))
    first = said.index("1 skipped: install chromium: apt install chromium")
    assert said[first + 1] == "1 long ones left out; they run with: make soak"
    assert "1 passed, 1 skipped" in closing
