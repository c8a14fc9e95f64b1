"""The clients that shops have already send their events, and only their address is another one:
Segment's for Node, Algolia's search-insights, OpenSearch's for UBI, all as npm has them."""

import json
import shutil
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from mercato.core.settings import load_settings
from mercato.shop.keys import create_key
from mercato.shop.rules import By
from mercato.state import State

CLIENTS = Path(__file__).parent / "clients"


@pytest.fixture(scope="module")
def packages(npm: Callable[[Path, str], Path]) -> Path:
    return npm(CLIENTS, "clients")


def test_clients_send_their_events(
    packages: Path,
    built_shop: Path,
    tmp_path: Path,
    serve_shop: Callable[..., AbstractContextManager[str]],
) -> None:
    folder = Path(shutil.copytree(built_shop, tmp_path / "shop"))
    state = State.open(load_settings(folder / "shop.toml").state.url, folder)
    key = create_key(state, "clients", ["events"], By("me@here", "keys")).text
    shutil.copy(CLIENTS / "client.mjs", packages / "client.mjs")
    with serve_shop(folder) as address:
        done = subprocess.run(
            ["node", "client.mjs", address, key],
            cwd=packages,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "insights": True,
        "written": "created",
        "bulk": [201, 400],
        "refused": 401,
    }
    rows = state.events.after(0, 100).rows
    state.close()
    assert sorted((row.event, row.user_id or row.visitor_id) for row in rows) == [
        ("purchase", "anna"),
        ("select_item", "device"),
        ("view_item", "device"),
        ("view_item", "device"),
        ("view_item", "device"),
    ]
    assert {row.item_id for row in rows} == {"lantern"}
