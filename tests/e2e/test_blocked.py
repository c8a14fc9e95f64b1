"""What serving and building must never import, blocked while they run."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

BLOCKER = """
import os, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in os.environ["BLOCKED"].split():
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
"""

BUILDING = "torch transformers sentence_transformers pandas"
SERVING = f"{BUILDING} lightgbm"


@pytest.fixture
def blocked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Python started from here on refuses the packages that ``BLOCKED`` names."""
    (tmp_path / "sitecustomize.py").write_text(BLOCKER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


@pytest.mark.usefixtures("blocked")
def test_the_blocker_blocks(monkeypatch):
    monkeypatch.setenv("BLOCKED", "colorsys")
    done = subprocess.run([sys.executable, "-c", "import colorsys"], capture_output=True, text=True)
    assert "colorsys is blocked" in done.stderr


@pytest.mark.usefixtures("blocked")
def test_rooms_that_serve_import_none_of_them(monkeypatch):
    monkeypatch.setenv("BLOCKED", SERVING)
    code = """
import importlib, pkgutil
for room in ("api", "web", "shop", "search", "recommend", "catalogue", "state", "operating"):
    package = importlib.import_module(f"mercato.{room}")
    for module in pkgutil.walk_packages(package.__path__, f"mercato.{room}."):
        if module.name != "mercato.state.migrations.env":  # Alembic runs it, nobody imports it
            importlib.import_module(module.name)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.usefixtures("blocked")
def test_a_shop_is_built_and_served_without_them(monkeypatch, tmp_path, mercato, serve_shop, tour):
    monkeypatch.setenv("BLOCKED", BUILDING)
    shop = tmp_path / "shop"
    mercato("init", shop)
    mercato("import", shop, "--items", tour / "products.csv", "--events", tour / "events.csv")
    mercato("build", shop)
    monkeypatch.setenv("BLOCKED", SERVING)
    with serve_shop(shop) as address:
        for path in ("/v1/search?q=warm+hat", "/v1/recommend/home?user_id=u01", "/v1/suggest?q=te"):
            with urlopen(f"{address}{path}", timeout=10) as answer:
                assert json.load(answer)


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
