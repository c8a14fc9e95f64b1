"""The tour's outdoor shop, imported and built once with its encoder; tests work on copies."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mercato.core.progress import Silent
from mercato.core.settings import Settings, settings_text
from mercato.data.importing import import_events, import_items
from mercato.data.store import AssetStore
from mercato.training.build import build

TOUR = Path(__file__).parents[2] / "examples" / "tour"


@pytest.fixture(scope="session")
def built_tour(made_once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    def make(folder: Path) -> None:
        (folder / "shop.toml").write_text(settings_text(Settings()))
        store = AssetStore(folder / "assets")
        import_items(store, [TOUR / "products.csv"], settings=Settings())
        import_events(store, [TOUR / "events.csv"], settings=Settings())
        build(folder, progress=Silent())

    return made_once("tour", make)


@pytest.fixture
def tour(built_tour: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built_tour, tmp_path / "shop"))
