"""A build redoes what changed, learns nothing after ``until``, and publishes only what works."""

import json
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from mercato.core.errors import ChecksFailed, NotReady
from mercato.core.paths import ShopPaths
from mercato.core.progress import Silent, Step
from mercato.core.settings import Settings, load_settings, settings_text
from mercato.data.importing import import_events, import_items
from mercato.data.releases import ReleaseStore
from mercato.data.store import AssetStore
from mercato.shop.opened import Shop
from mercato.shop.search import SearchAnswer, SearchCall, search
from mercato.training.build import build
from mercato.training.checks import check_release
from mercato.training.draft import serve_draft

UNTIL = datetime(2026, 4, 1, tzinfo=UTC)


def ask(folder: Path, q: str) -> SearchAnswer:
    shop = Shop.open(folder)
    try:
        return search(shop, SearchCall(q=q, facets=("brand",)))
    finally:
        shop.close()


def release(folder: Path) -> Path:
    store = ReleaseStore(folder / "releases")
    return store.folder(store.require_current())


def test_nothing_changed_nothing_is_redone(tour: Path) -> None:
    before = ask(tour, "warm jacket")
    built = build(tour, progress=Silent())
    assert built.number == 2
    assert set(built.reused) == set(built.manifest.steps)
    after = ask(tour, "warm jacket")
    assert [(hit.id, hit.score) for hit in after.hits] == [
        (hit.id, hit.score) for hit in before.hits
    ]
    assert after.facets == before.facets


def test_a_new_price_leaves_encoder_and_texts_as_they_are(tour: Path, tmp_path: Path) -> None:
    pieces = sorted((tour / "build" / "texts").rglob("*.npz"))
    assert pieces
    feed = tmp_path / "feed.csv"
    feed.write_text("id,title,price\ntarp-drift,Drift Tarp 3 x 3 m,59.00 EUR\n")
    import_items(AssetStore(tour / "assets"), [feed], settings=Settings())
    built = build(tour, progress=Silent())
    assert "encoder" in built.reused
    assert "catalogue" not in built.reused
    [hit] = [hit for hit in ask(tour, "drift tarp").hits if hit.id == "tarp-drift"]
    assert hit.item["price"] == 59.0


def test_until_learns_what_a_log_that_ends_there_would_teach(tour: Path, tmp_path: Path) -> None:
    events = (Path(__file__).parents[2] / "examples" / "tour" / "events.csv").read_text()
    header, *lines = events.splitlines()
    earlier = [line for line in lines if line.split(",")[2] < "2026-04-01"]
    assert 0 < len(earlier) < len(lines)
    short = tmp_path / "short"
    short.mkdir()
    (short / "shop.toml").write_text(settings_text(Settings()))
    (tmp_path / "events.csv").write_text("\n".join([header, *earlier]) + "\n")
    store = AssetStore(short / "assets")
    products = Path(__file__).parents[2] / "examples" / "tour" / "products.csv"
    import_items(store, [products], settings=Settings())
    import_events(store, [tmp_path / "events.csv"], settings=Settings())
    cut = build(tour, until=UNTIL, progress=Silent())
    ended = build(short, until=UNTIL, progress=Silent())
    assert cut.manifest.counts == ended.manifest.counts
    assert cut.manifest.as_of == UNTIL.timestamp() * 1_000_000
    compared = [*release(tour).rglob("histories/*.npy"), *release(tour).rglob("models/*/*.npy")]
    assert len(compared) > 10
    for path in compared:
        other = release(short) / path.relative_to(release(tour))
        assert np.array_equal(np.load(path), np.load(other)), path.name


def test_a_release_that_fails_its_checks_is_not_published(
    tour: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(shop: Shop) -> None:
        raise ChecksFailed("a good release", "a bad one", "Mend it.")

    monkeypatch.setattr("mercato.training.build.check_release", refuse)
    with pytest.raises(ChecksFailed, match="a bad one"):
        build(tour, progress=Silent())
    store = ReleaseStore(tour / "releases")
    assert (store.current(), store.numbers()) == (1, [1])
    assert not list((tour / "releases").glob(".draft*"))


def test_checks_count_what_is_listed(tour: Path) -> None:
    settings = load_settings(ShopPaths(tour).settings)
    with serve_draft(release(tour), settings) as shop:
        check_release(shop)
    path = release(tour) / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["counts"]["items"] += 1
    path.write_text(json.dumps(manifest))
    with serve_draft(release(tour), settings) as shop:
        with pytest.raises(ChecksFailed, match="66 of 67 items are listed"):
            check_release(shop)


class StopsAt(Silent):
    """A progress that is interrupted when a step begins."""

    def __init__(self, name: str) -> None:
        self.name = name

    def step(self, name: str, total: int | None = None) -> AbstractContextManager[Step]:
        if name == self.name:
            raise KeyboardInterrupt
        return super().step(name, total)


def test_an_interrupted_build_goes_on_behind_its_last_step(tour: Path) -> None:
    for folder in (tour / "build").glob("*-*"):
        if folder.name.split("-")[0] in ("ease", "item"):
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()
    with pytest.raises(KeyboardInterrupt):
        build(tour, progress=StopsAt("ease"))
    assert ReleaseStore(tour / "releases").current() == 1
    built = build(tour, progress=Silent())
    assert built.number == 2
    assert "item-knn" in built.reused
    assert "ease" not in built.reused


def test_items_are_needed(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(settings_text(Settings()))
    with pytest.raises(NotReady, match="mercato import"):
        build(tmp_path, progress=Silent())


def test_a_shop_without_events_is_built_too(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(settings_text(Settings()))
    products = Path(__file__).parents[2] / "examples" / "tour" / "products.csv"
    import_items(AssetStore(tmp_path / "assets"), [products], settings=Settings())
    built = build(tmp_path, progress=Silent())
    assert built.manifest.counts["events"] == 0
    assert ask(tmp_path, "tent").total > 0
