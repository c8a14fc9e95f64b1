"""`mercato state`: where it is, how much, and its way to PostgreSQL."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mercato.cli import doctor
from mercato.core.paths import ShopPaths
from mercato.core.settings import Settings, load_settings, settings_text
from mercato.state import EventRow, State


def test_a_state_goes_to_postgresql(
    mercato: Callable[..., Any], tmp_path: Path, postgres_url: str
) -> None:
    paths = ShopPaths(tmp_path / "shop")
    paths.root.mkdir()
    paths.settings.write_text(settings_text(Settings()))
    state = State.open("sqlite:///state.db", paths.root)
    state.events.append([EventRow("e", 0, 0, "view_item", "ana")]).result(30)
    state.close()
    shown = mercato("state", str(paths.root), "--to", postgres_url, "--json")
    told = json.loads(shown.stdout)
    assert told["rows"]["events"] == 1
    assert told["place"].endswith("on 127.0.0.1")
    assert load_settings(paths.settings).state.url == postgres_url
    again = mercato("state", str(paths.root), "--to", postgres_url)
    assert again.returncode == 2 and "an empty database" in again.stderr
    found = {each.what: each for each in doctor.shop(paths)}["state"]
    assert found.health is doctor.Health.WARNING, "the tests' server runs without fsync"
    assert "fsync is off" in found.found
