"""A shop whose state is on a server: its backup needs no server."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mercato.core.paths import ShopPaths
from mercato.core.progress import Silent
from mercato.core.settings import StateSettings, load_settings, settings_text
from mercato.data.store import AssetStore
from mercato.operating.backup.making import make_backup
from mercato.operating.drain import drain
from mercato.state import EventRow, State


def test_a_backup_holds_the_state_as_a_file_and_no_password(
    small_shop: Path, postgres_url: str, restored: Callable[..., Path | None], tmp_path: Path
) -> None:
    url = postgres_url.replace("postgres@", "postgres:secret@")
    file = ShopPaths(small_shop).settings
    settings = replace(load_settings(file), state=StateSettings(url=url, keep_days=9))
    file.write_text(settings_text(settings))
    state = State.open(url, small_shop)
    state.events.append([EventRow(f"p{n}", 0, n, "view_item") for n in range(20)]).result(30)
    make_backup(small_shop, tmp_path / "b.tar.zst", Silent())
    state.events.append([EventRow("later", 0, 0, "view_item")]).result(30)
    state.close()
    restored(tmp_path / "b.tar.zst", tmp_path / "again")
    text = (tmp_path / "again" / "shop.toml").read_text()
    assert "secret" not in text
    kept = load_settings(tmp_path / "again" / "shop.toml").state
    assert kept == StateSettings(url="sqlite:///state.db", keep_days=9)
    state = State.open(kept.url, tmp_path / "again")
    store = AssetStore(tmp_path / "again" / "assets")
    assert [row.event_id for row in state.events.after(0, 99).rows] == [f"p{n}" for n in range(20)]
    assert drain(state, store).added == 18, "of a log that begins anew, the asset has had two"
    state.close()
