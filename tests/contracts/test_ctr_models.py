"""What every model of clicks must do; models are found by enumerating."""

import importlib.util
import inspect
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mercato.core.errors import BadInput, NotReady
from mercato.core.progress import Silent
from mercato.evaluation.probabilities import auc
from mercato.models.ctr import CLICK_MODELS
from mercato.models.ctr.base import FittedClicks
from mercato.models.ctr.fields import Examples, History, Rows

WITHOUT_TORCH = {"logistic-regression", "boosted-trees"}
HAS_TORCH = importlib.util.find_spec("torch") is not None
NAMES = [name for name in CLICK_MODELS if HAS_TORCH or name in WITHOUT_TORCH]
QUICK: Mapping[str, Any] = {"passes": 12, "batch_rows": 128, "learning_rate": 0.02}


def configured(name: str) -> Any:
    """Small and fast; what is no network learns as it does by default."""
    model: Any = CLICK_MODELS[name]()
    if name in WITHOUT_TORCH:
        return replace(model, least_rows=10) if name == "boosted-trees" else model
    return replace(model, learning=replace(model.learning, **QUICK))


def fit(name: str, train: Examples, validation: Examples) -> FittedClicks:
    with Silent().step(name) as step:
        return configured(name).fit(train, validation, step)


def examples(n: int, seed: int) -> Examples:
    """Shoppers click what has their colour, and less on day 3: two of three shoppers like even
    items, and the past holds items of the colour. Half of the clicks on the first ten items end in
    a purchase."""
    random = np.random.default_rng(seed)
    shopper = random.integers(1, 31, n)
    item = random.integers(1, 21, n)
    even = shopper % 3 != 0
    liked = (item % 2 == 0) == even
    day = random.integers(0, 4, n)
    clicked = random.random(n) < np.where(liked, 0.8, 0.1) * np.where(day == 3, 0.2, 1)
    bought = clicked & (item <= 10) & (random.random(n) < 0.5)
    past = random.integers(0, 10, (n, 3)) * 2 + np.where(even, 2, 1)[:, None]
    history = History("item", np.arange(0, 3 * n + 1, 3), past.ravel().astype(np.int32))
    codes = np.column_stack([shopper, item, day]).astype(np.int32)
    rows = Rows(("shopper", "item", "day"), (31, 21, 4), codes, (history,))
    return Examples(rows, clicked, bought)


@pytest.fixture(scope="module")
def parts() -> tuple[Examples, Examples, Examples]:
    return examples(3_000, 0), examples(800, 1), examples(2_000, 2)


@pytest.fixture(scope="module")
def fits(parts: tuple[Examples, Examples, Examples]) -> dict[str, FittedClicks]:
    """Each model is fitted once where it can be."""
    return {}


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def fitted(
    name: str, parts: tuple[Examples, Examples, Examples], fits: dict[str, FittedClicks]
) -> FittedClicks:
    if name not in fits:
        fits[name] = fit(name, *parts[:2])
    return fits[name]


def test_learns_who_clicks_what(
    name: str, fitted: FittedClicks, parts: tuple[Examples, Examples, Examples]
) -> None:
    """Fields one by one, which is all that logistic regression and statistics of values see, tell
    of the day and that most like even items, and nothing of who does not."""
    test = parts[2]
    if name == "entire-space":
        wanted = np.asarray(test.bought)
        assert auc(fitted.score(test.rows), wanted) > 0.8
        return
    reached = auc(fitted.score(test.rows), test.clicked)
    assert reached > (0.65 if name in WITHOUT_TORCH else 0.8)


def test_is_deterministic(
    name: str, fitted: FittedClicks, parts: tuple[Examples, Examples, Examples]
) -> None:
    rows = parts[2].rows
    assert np.array_equal(fit(name, *parts[:2]).score(rows), fitted.score(rows))


def test_scores_are_log_odds(
    fitted: FittedClicks, parts: tuple[Examples, Examples, Examples]
) -> None:
    rows = parts[2].rows
    scores, chances = fitted.score(rows), fitted.chance(rows)
    assert scores.shape == (len(rows),)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    np.testing.assert_allclose(np.log(chances / (1 - chances)), scores, rtol=1e-4, atol=1e-5)


def test_tells_honest_chances(
    name: str, fitted: FittedClicks, parts: tuple[Examples, Examples, Examples]
) -> None:
    test = parts[2]
    happened = np.asarray(test.bought if name == "entire-space" else test.clicked).mean()
    assert fitted.chance(test.rows).mean() == pytest.approx(happened, abs=0.06)


def test_saved_and_loaded_scores_the_same(
    fitted: FittedClicks, parts: tuple[Examples, Examples, Examples], tmp_path: Path
) -> None:
    rows = parts[2].rows
    fitted.save(tmp_path / "model")
    loaded = type(fitted).load(tmp_path / "model")
    assert np.array_equal(loaded.score(rows), fitted.score(rows))
    assert not list(tmp_path.rglob("*.pkl"))


def test_rows_are_scored_one_by_one_as_together(
    fitted: FittedClicks, parts: tuple[Examples, Examples, Examples]
) -> None:
    rows = parts[2].rows
    together = fitted.score(rows)[:5]
    alone = [float(fitted.score(rows.of(np.array([row])))[0]) for row in range(5)]
    np.testing.assert_allclose(alone, together, rtol=1e-5, atol=1e-6)


def test_rows_of_which_nothing_is_known_score_the_same(
    fitted: FittedClicks, parts: tuple[Examples, Examples, Examples]
) -> None:
    rows = parts[2].rows.of(np.arange(50))
    unknown = replace(rows, codes=np.zeros_like(rows.codes))
    empty = replace(unknown, histories=tuple(_emptied(each) for each in unknown.histories))
    assert len(np.unique(fitted.score(empty))) == 1


def _emptied(history: History) -> History:
    return History(history.field, np.zeros_like(history.offsets), history.code[:0])


def test_no_rows(fitted: FittedClicks, parts: tuple[Examples, Examples, Examples]) -> None:
    assert fitted.score(parts[2].rows.of(np.arange(0))).shape == (0,)


def test_refuses_rows_of_other_fields(
    fitted: FittedClicks, parts: tuple[Examples, Examples, Examples]
) -> None:
    rows = parts[2].rows
    with pytest.raises(BadInput, match=r"shopper \(31\), item \(21\), day \(4\); found shopper"):
        fitted.score(replace(rows, sizes=(31, 21, 5)))


def test_refuses_to_learn_from_one_outcome(
    name: str, parts: tuple[Examples, Examples, Examples]
) -> None:
    train, validation, _ = parts
    never = np.zeros(len(train), bool)
    with pytest.raises(BadInput, match="0 of 3000 clicked"):
        fit(name, replace(train, clicked=never, bought=never), validation)


def test_refuses_a_folder_without_it(fitted: FittedClicks, tmp_path: Path) -> None:
    with pytest.raises(NotReady):
        type(fitted).load(tmp_path)
    fitted.save(tmp_path)
    for graph in tmp_path.glob("*.onnx"):
        graph.unlink()
        with pytest.raises(NotReady, match=graph.name):
            type(fitted).load(tmp_path)
    (tmp_path / "model.json").write_text('{"format": 0, "model": "Other", "fields": {}}')
    with pytest.raises(NotReady, match="found Other of format 0"):
        type(fitted).load(tmp_path)


def test_every_hyperparameter_is_read(name: str) -> None:
    """A frozen dataclass that can be made without arguments, each of whose fields is read."""
    model: Any = CLICK_MODELS[name]()
    assert is_dataclass(model)
    source = inspect.getsource(sys.modules[type(model).__module__])
    source += Path(inspect.getfile(CLICK_MODELS[name])).with_name("network.py").read_text()
    source += Path(inspect.getfile(CLICK_MODELS[name])).with_name("descent.py").read_text()
    for each in fields(model):
        assert f"self.{each.name}" in source or f"network.{each.name}" in source


def test_saved_models_score_without_what_fitted_them(
    parts: tuple[Examples, Examples, Examples], fits: dict[str, FittedClicks], tmp_path: Path
) -> None:
    """In a process of its own, so that nothing else has imported torch or LightGBM."""
    rows = parts[2].rows.of(np.arange(3))
    for name, fitted in fits.items():
        fitted.save(tmp_path / name)
    kinds = {name: CLICK_MODELS[name].fitted.__name__ for name in fits}
    modules = {name: CLICK_MODELS[name].fitted.__module__ for name in fits}
    code = f"""
import importlib, json, sys
from pathlib import Path
import numpy as np
from mercato.models.ctr.fields import History, Rows
past = History("item", np.array({rows.histories[0].offsets.tolist()}),
               np.array({rows.histories[0].code.tolist()}, np.int32))
rows = Rows({rows.names}, {rows.sizes}, np.array({rows.codes.tolist()}, np.int32), (past,))
found = {{}}
for name, kind in {kinds}.items():
    module = importlib.import_module({modules}[name])
    found[name] = getattr(module, kind).load(Path({str(tmp_path)!r}) / name).score(rows).tolist()
heavy = [each for each in ("torch", "lightgbm", "pandas", "scipy") if each in sys.modules]
print(json.dumps([found, heavy]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found, heavy = json.loads(done.stdout)
    assert not heavy
    assert set(found) == set(fits) != set()
    for name, scores in found.items():
        np.testing.assert_allclose(scores, fits[name].score(rows), rtol=1e-5)
