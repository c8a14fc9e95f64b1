"""A whole build with a transformer, learned by two processes, and a shelf that asks it."""

import csv
import importlib.util
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from mercato.core.progress import Silent
from mercato.core.settings import (
    EvaluationSettings,
    SearchSettings,
    Settings,
    TrainSettings,
    settings_text,
)
from mercato.data.importing import import_events, import_items
from mercato.data.releases import ReleaseStore
from mercato.data.store import AssetStore
from mercato.shop.opened import Shop
from mercato.shop.shelf import ShelfCall, shelf
from mercato.training.build import build

SETTINGS = Settings(
    search=SearchSettings(encoder="none"),
    train=TrainSettings(encoder_minutes=0, transformer_minutes=0.5, processes=2),
    evaluation=EvaluationSettings(days=14, most_users=100),
)
ITEMS, SHOPPERS, DAYS = 600, 500, 120
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def write_feed(path: Path) -> None:
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "title", "price", "product_type", "brand"])
        for at in range(ITEMS):
            kind = at // 50
            rows.writerow(
                [
                    f"p{at}",
                    f"Part {at} of kind {kind}",
                    f"{5 + at % 40}.00 EUR",
                    f"Kind {kind}",
                    "B",
                ]
            )


def write_log(path: Path) -> None:
    """Each shopper goes through the products in steps of their own, every second day or so: what
    comes next follows from the last two."""
    random = np.random.default_rng(0)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["event_id", "ts", "event", "user_id", "item_id", "quantity", "price"])
        for shopper in range(SHOPPERS):
            at, stride = int(random.integers(ITEMS)), int(random.choice([1, 7, 31]))
            days = np.sort(random.random(60) * DAYS)
            for number, day in enumerate(days):
                at = (at + stride) % ITEMS
                ts = (BEGIN + timedelta(days=float(day))).isoformat()
                rows.writerow(
                    [f"{shopper}-{number}", ts, "purchase", f"u{shopper}", f"p{at}", 1, 9]
                )


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch learns it")
def test_a_build_keeps_a_transformer_that_wins_and_shelves_ask_it(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "shop.toml").write_text(settings_text(SETTINGS))
    write_feed(tmp_path / "feed.csv")
    write_log(tmp_path / "log.csv")
    store = AssetStore(folder / "assets")
    import_items(store, [tmp_path / "feed.csv"], settings=SETTINGS)
    import_events(store, [tmp_path / "log.csv"], settings=SETTINGS)
    built = build(folder, progress=Silent())
    home = built.manifest.metrics["shelf_rankers"]["home"]
    assert home["gained"]["low"] > 0
    assert "shopper-transformer" in built.manifest.steps
    releases = ReleaseStore(folder / "releases")
    release = releases.folder(releases.require_current())
    assert list(release.rglob("network.onnx"))
    assert not list((folder / "build").glob("*-learning"))
    shop = Shop.open(folder)
    try:
        answer = shelf(shop, ShelfCall(placement="home", user_id="u3", n=10))
    finally:
        shop.close()
    assert len(answer.items) == 10
