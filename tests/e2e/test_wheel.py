"""The wheel, installed in another environment, makes, builds and serves a shop, without packages
that neither needs."""

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[2]
TOUR = ROOT / "examples" / "tour"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without a network: hatchling is among the pinned packages of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    command += ["--no-index", "--quiet", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, timeout=120)
    (built,) = folder.glob("mercato-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment with the wheel; its dependencies are borrowed from ours.

    Ours is added as a plain folder: its own ``.pth`` files, the editable Mercato's among them, are
    not followed there.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install"]
    command += ["--no-deps", "--no-index", "--quiet", str(wheel)]
    subprocess.run(command, check=True, timeout=120)
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    answer = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True)
    borrowed = sysconfig.get_path("purelib")
    (Path(answer.stdout.strip()) / "borrowed.pth").write_text(f"{borrowed}\n")
    return python


@pytest.mark.usefixtures("blocked")
def test_serves_from_another_environment(
    installed, tmp_path, serve_shop, monkeypatch, never_built, never_served
):
    monkeypatch.setenv("BLOCKED", never_built)
    where = [installed, "-c", "import mercato; print(mercato.__file__)"]
    found = subprocess.run(where, check=True, capture_output=True, text=True, cwd=tmp_path)
    assert Path(found.stdout.strip()).is_relative_to(installed.parents[1])

    def mercato(*arguments: object) -> None:
        command = [installed.parent / "mercato", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stderr

    mercato("init", "shop")
    mercato("import", "shop", "--items", TOUR / "products.csv", "--events", TOUR / "events.csv")
    mercato("build", "shop")
    monkeypatch.setenv("BLOCKED", never_served)
    with serve_shop(tmp_path / "shop", python=str(installed)) as address:
        with urlopen(f"{address}/v1/search?q=merino+socks", timeout=10) as answer:
            assert json.load(answer)["hits"][0]["id"] == "socks-merino"
        for path in ("/v1/recommend/home?user_id=u01", "/v1/suggest?q=te"):
            with urlopen(f"{address}{path}", timeout=10) as answer:
                assert json.load(answer)
        with urlopen(f"{address}/", timeout=10) as page:
            assert "text/html" in page.headers["Content-Type"]
