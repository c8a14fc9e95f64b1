"""A small shop with everything but a release, and what its backup says."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mercato.core.paths import ShopPaths
from mercato.core.progress import Silent
from mercato.core.settings import Settings, settings_text
from mercato.data.auditing import Reader
from mercato.data.importing import import_items
from mercato.data.store import AssetStore
from mercato.operating.backup.making import make_backup
from mercato.operating.backup.restoring import restore_backup
from mercato.operating.drain import drain
from mercato.state import EventRow, State

URL = "sqlite:///state.db"
NOON = 1_777_636_800_000_000


@pytest.fixture
def small_shop(tmp_path: Path) -> Path:
    """Two items, two events in the asset and one that waits in the state."""
    root = tmp_path / "shop"
    root.mkdir()
    ShopPaths(root).settings.write_text(settings_text(Settings()), encoding="utf-8")
    feed = tmp_path / "feed.csv"
    feed.write_text("id,title\ntea,Green tea\npot,A pot\n", encoding="utf-8")
    store = AssetStore(root / "assets")
    import_items(store, [feed], settings=Settings())
    state = State.open(URL, root)
    for name in ("a", "b", "c"):
        state.events.append([EventRow(name, 0, NOON, "view_item", "ana", item_id="tea")]).result(30)
        if name == "b":
            drain(state, store)
    state.close()
    return root


@pytest.fixture
def backed_up(small_shop: Path, tmp_path: Path) -> Path:
    """The file of a backup of the small shop."""
    file = tmp_path / "backup.tar.zst"
    make_backup(small_shop, file, Silent())
    return file


@pytest.fixture
def restored() -> Callable[..., Path | None]:
    """Restore a file to a folder; where what was there before went."""

    def restore(file: Path, root: Path, *, force: bool = False) -> Path | None:
        reader = Reader("ana@host", "restore", "restore")
        return restore_backup(file, root, reader, Silent(), force=force)[1]

    return restore
