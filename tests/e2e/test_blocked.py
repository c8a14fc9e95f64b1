"""What serving must never import, blocked while all of it is imported. That a shop is built and
served without, tests the wheel."""

import subprocess
import sys

import pytest


@pytest.mark.usefixtures("blocked")
def test_the_blocker_blocks(monkeypatch):
    monkeypatch.setenv("BLOCKED", "colorsys")
    done = subprocess.run([sys.executable, "-c", "import colorsys"], capture_output=True, text=True)
    assert "colorsys is blocked" in done.stderr


@pytest.mark.usefixtures("blocked")
def test_rooms_that_serve_import_none_of_them(monkeypatch, never_served):
    monkeypatch.setenv("BLOCKED", never_served)
    code = """
import importlib, pkgutil
for room in ("api", "web", "shop", "search", "recommend", "catalogue", "state", "operating"):
    package = importlib.import_module(f"mercato.{room}")
    for module in pkgutil.walk_packages(package.__path__, f"mercato.{room}."):
        if module.name != "mercato.state.migrations.env":  # Alembic runs it, nobody imports it
            importlib.import_module(module.name)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_command_loads_no_pandas_where_it_is_installed():
    """PyArrow would, at the first value it converts."""
    code = """
import sys
from mercato.cli import main
sys.argv = ["mercato", "--version"]
try:
    main()
except SystemExit:
    import pyarrow
    pyarrow.array([1])
    print("pandas" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
