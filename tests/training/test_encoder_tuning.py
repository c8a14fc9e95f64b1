"""Builds of a shop with judgments: with torch its encoder is tuned, without it a line says so."""

import importlib.util
import itertools
import json
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from mercato.core.progress import Silent
from mercato.core.settings import Settings, TrainSettings, settings_text
from mercato.data.store import AssetStore
from mercato.training.build import build

TORCH = importlib.util.find_spec("torch") is not None


class Told(Silent):
    """Remembers what was noted of each step."""

    def __init__(self) -> None:
        self.notes: dict[str, str] = {}

    @contextmanager
    def step(self, name, total=None):
        told = self

        class Step:
            def advance(self, amount: int = 1) -> None:
                pass

            def note(self, text: str) -> None:
                told.notes[name] = text

        yield Step()


def judge(folder: Path, n_queries: int) -> None:
    """Two words of a title, in both orders, ask for its product."""
    store = AssetStore(folder / "assets")
    items = store.read("items", columns=["id", "title"]).to_pylist()
    pairs = [
        (f"{one} {other}", item["id"])
        for item in items
        for one, other in itertools.permutations(dict.fromkeys(item["title"].lower().split()), 2)
    ]
    asked = dict(pairs[:: max(1, len(pairs) // n_queries)])
    rows = [{"query": q, "item_id": i, "grade": 1.0} for q, i in asked.items()]
    rows += [{"query": q, "item_id": "nothing", "grade": 0.0} for q in asked]
    store.commit("judgments", pa.Table.from_pylist(rows))


def limit(folder: Path, minutes: float) -> None:
    settings = Settings(train=TrainSettings(encoder_minutes=minutes))
    (folder / "shop.toml").write_text(settings_text(settings))


def test_without_torch_one_line_says_what_is_left_out(
    tour: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(tour, 400)
    monkeypatch.setattr("mercato.training.parts_encoder.EXTRA", "no_such_package")
    told = Told()
    built = build(tour, progress=told)
    assert told.notes["encoder tuning"] == (
        "left out: it needs torch (pip install 'mercato[train]')"
    )
    assert "encoder" in built.reused
    assert built.manifest.inputs["judgments"] == 0


@pytest.mark.soak
def test_few_judgments_or_no_minutes_tune_nothing(tour: Path) -> None:
    judge(tour, 50)
    told = Told()
    build(tour, progress=told)
    assert "encoder tuning" not in told.notes
    judge(tour, 400)
    limit(tour, 0)
    build(tour, progress=told)
    assert "encoder tuning" not in told.notes


@pytest.mark.soak
def test_a_tuned_encoder_is_compared_and_not_trained_again(tour: Path) -> None:
    if not TORCH:
        pytest.skip("needs torch: pip install 'mercato[train]'")
    judge(tour, 600)
    limit(tour, 0.5)
    told = Told()
    build(tour, progress=told)
    folder = max((tour / "releases").glob("[0-9]*"), key=lambda each: int(each.name))
    outcome = json.loads((folder / "tuning" / "tuning.json").read_text())
    assert outcome["source"] == "judgments"
    assert outcome["cosine"] > 0.99
    assert (folder / "encoder" / "training.json").exists() == outcome["kept"]
    again = build(tour, progress=told)
    assert {"encoder-tuning", "encoder-comparison"} <= set(again.reused)
