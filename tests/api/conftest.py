"""Each test is served its own copy of the tour's outdoor shop."""

import http.client
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from mercato.api import create_api
from mercato.core.settings import ServeSettings, load_settings, settings_text
from mercato.shop.opened import Shop


@pytest.fixture
def shop_folder(built_shop: Path, tmp_path: Path) -> Path:
    # What a build keeps for the next one is not served: most of the files.
    unserved = shutil.ignore_patterns("build")
    return Path(shutil.copytree(built_shop, tmp_path / "shop", ignore=unserved))


@pytest.fixture
def shop(shop_folder: Path) -> Iterator[Shop]:
    opened = Shop.open(shop_folder)
    yield opened
    opened.close()


@pytest.fixture
def api(shop: Shop) -> FastAPI:
    return create_api(shop)


@pytest.fixture
def client(api: FastAPI) -> Iterator[TestClient]:
    """Asks the API with its background work running, as it is served."""
    with TestClient(api, raise_server_exceptions=False) as asking:
        yield asking


@pytest.fixture
def quiet(shop_folder: Path) -> Path:
    """A shop whose drain does not run within a test."""
    settings = load_settings(shop_folder / "shop.toml")
    settings = replace(settings, serve=ServeSettings(drain_seconds=3600.0))
    (shop_folder / "shop.toml").write_text(settings_text(settings))
    return shop_folder


Serve = Callable[..., AbstractContextManager["Server"]]


class Server:
    """A process that serves; ``workers`` are its children where there are several."""

    def __init__(self, process: "subprocess.Popen[str]", address: str) -> None:
        self.process = process
        self.address = address

    def kill(self) -> None:
        """End it as a power cut would: no handler runs, nothing is flushed."""
        os.killpg(self.process.pid, 9)
        self.process.wait(timeout=30)


@pytest.fixture(scope="session")
def serve() -> Serve:
    """``with serve(folder, "--workers", "2") as server``: `mercato serve`, until it is left."""

    @contextmanager
    def serving(folder: Path, *words: str) -> Iterator[Server]:
        command = [sys.executable, "-m", "mercato.cli", "serve", str(folder), "--port", "0", *words]
        with subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as process:
            assert process.stderr is not None
            said = []
            for line in process.stderr:
                said.append(line)
                if found := re.search(r"http://\S+", line):
                    threading.Thread(target=process.stderr.read, daemon=True).start()
                    break
            else:
                pytest.fail(f"mercato serve ended: {''.join(said)}")
            try:
                _wait_until_ready(urlsplit(found.group()).netloc)
                yield Server(process, found.group())
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait(timeout=30)

    return serving


def _wait_until_ready(host: str) -> None:
    """Several workers say where they listen before the first of them answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(host, timeout=30)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.02)
        finally:
            connection.close()
    pytest.fail("not ready within a minute")
