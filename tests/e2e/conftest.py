"""A shop that is built and served, and the system's Chromium to look at it."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]

expect.set_options(timeout=20_000)  # milliseconds: the machine is busy with other tests

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

DESKTOP = {"width": 1280, "height": 900}

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""No screen, and nothing asked of a network outside."""


def run(*arguments: object) -> None:
    """`mercato` with arguments; fails with what it printed."""
    command = [sys.executable, "-m", "mercato.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


@contextmanager
def serving(folder: Path, *arguments: str, python: str = sys.executable) -> Iterator[str]:
    """`mercato serve` in a process of its own; the address at which it answers."""
    command = [python, "-m", "mercato.cli", "serve", str(folder), "--port", "0", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        said = []
        try:
            for line in server.stderr:
                said.append(line)
                if found := re.search(r"http://\S+", line):
                    # Nobody reads on: a full pipe would stop the server.
                    threading.Thread(target=server.stderr.read, daemon=True).start()
                    yield found.group()
                    break
            else:
                pytest.fail(f"mercato serve ended: {''.join(said)}")
        finally:
            server.terminate()
            server.wait(timeout=30)


BLOCKER = """
import os, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in os.environ["BLOCKED"].split():
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
"""

NEVER_BUILT_WITH = "torch transformers sentence_transformers pandas"
NEVER_SERVED_WITH = f"{NEVER_BUILT_WITH} lightgbm"


@pytest.fixture
def blocked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Python started from here on refuses the packages that ``BLOCKED`` names."""
    (tmp_path / "sitecustomize.py").write_text(BLOCKER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


@pytest.fixture(scope="session")
def never_built() -> str:
    """Packages that building must never import."""
    return NEVER_BUILT_WITH


@pytest.fixture(scope="session")
def never_served() -> str:
    """Packages that serving must never import."""
    return NEVER_SERVED_WITH


@pytest.fixture(scope="session")
def npm() -> Callable[[Path, str], Path]:
    """``npm(folder, name)``: a folder var/name with node_modules as the lock in ``folder`` has
    them, installed once; a changed lock installs them anew. Skips without Node or a registry."""

    def installed(source: Path, name: str) -> Path:
        if shutil.which("node") is None or shutil.which("npm") is None:
            pytest.skip("install Node and npm: apt install nodejs npm")
        target = ROOT / "var" / name
        lock = (source / "package-lock.json").read_bytes()
        stamp, want = target / "installed", hashlib.sha256(lock).hexdigest()
        if not stamp.exists() or stamp.read_text() != want:
            target.mkdir(parents=True, exist_ok=True)
            for file in ("package.json", "package-lock.json"):
                shutil.copy(source / file, target / file)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(
                command, cwd=target, capture_output=True, text=True, timeout=240, check=False
            )
            if done.returncode:
                pytest.skip(f"let npm reach its registry: {done.stderr.strip()[-200:]}")
            stamp.write_text(want)
        return target

    return installed


@pytest.fixture(scope="session")
def mercato() -> Callable[..., None]:
    """`mercato` with arguments, in a process of its own; fails with what it printed."""
    return run


@pytest.fixture(scope="session")
def serve_shop() -> Callable[..., AbstractContextManager[str]]:
    """``with serve_shop(folder) as address``: serves a shop that is built."""
    return serving


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium; skips where there is none."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        pytest.skip("install chromium: apt install chromium")
    flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=flags)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """A copy of the supermarket, or of the shop whose folder MERCATO_SCREENSHOTS names: where it
    answers, and where it lies. What is bought and changed here is seen nowhere else."""
    photographed = os.environ.get("MERCATO_SCREENSHOTS", "")
    named = len(photographed) > 1
    shop = Path(photographed) if named else request.getfixturevalue("supermarket")
    folder = tmp_path_factory.mktemp("e2e") / "supermarket"
    shutil.copytree(shop, folder)
    with serving(folder) as found:
        yield found, folder


@pytest.fixture(scope="session")
def address(served: tuple[str, Path]) -> str:
    """Where the supermarket answers."""
    return served[0]


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Open a page as a browser of its own; whatever its console complains of fails the test."""
    opened: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(path: str = "/", **options: Any) -> Page:
        settings = {"viewport": DESKTOP, "locale": "en-GB", **options}
        context = browser.new_context(base_url=address, **settings)
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: _complain(complaints, message.type, message.text))
        page.goto(path)
        return page

    yield open_page
    for context in opened:
        context.close()
    assert complaints == []


def _complain(complaints: list[str], kind: str, text: str) -> None:
    # That a page answered 400 or 404 is what its test asks for.
    if kind in ("error", "warning") and "the server responded with a status of 4" not in text:
        complaints.append(text)
