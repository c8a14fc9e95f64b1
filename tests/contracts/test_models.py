"""What every model of shoppers and items must do; models are found by enumerating."""

import importlib.util
import inspect
import sys
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from mercato.core.columns import Event
from mercato.core.errors import BadInput, NotReady
from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.core.progress import Silent
from mercato.models import MODELS
from mercato.models.base import FittedModel, Model
from mercato.models.complements import Complements
from mercato.models.further import FURTHER
from mercato.models.item_knn import ItemKnn
from mercato.models.neural.learning import Learning
from mercato.models.neural.light_gcn.model import LightGcn
from mercato.models.neural.light_gcn.settings import Examples as Pairs
from mercato.models.neural.light_gcn.settings import Passing
from mercato.models.neural.next_item.model import NextItemNetwork
from mercato.models.neural.next_item.settings import Examples as Runs
from mercato.models.neural.next_item.settings import Sizes
from mercato.models.next_item_blend import NextItemBlend
from mercato.models.next_item_ranker import NextItemRanker
from mercato.models.shopper_transformer.model import ShopperTransformer
from mercato.models.shopper_transformer.settings import Examples, Shape
from mercato.models.substitutes import Substitutes

N_SHOPPERS = N_ITEMS = 24
AS_OF = 100 * MICROSECONDS_PER_DAY

WHOLE_LOG = 1e6
"""Minutes: all that a shopper did is one session, since what is wild meets in no shorter one."""

TRANSFORMER = ShopperTransformer(
    shape=Shape(width=16, layers=1, longest=32),
    examples=Examples(batch=256),
    learning=Learning(passes=6, learning_rate=0.03),
)

NEURAL: dict[str, Model] = {
    "shopper-transformer": TRANSFORMER,
    "next-item-blend": NextItemBlend(network=TRANSFORMER),
    "next-item-ranker": NextItemRanker(NextItemBlend(network=TRANSFORMER)),
    "next-item-network": NextItemNetwork(
        sizes=Sizes(width=16, longest=32, dropout=0.1),
        examples=Runs(batch=128),
        learning=Learning(passes=12, learning_rate=0.03),
    ),
    "light-gcn": LightGcn(
        passing=Passing(width=16, layers=2),
        examples=Pairs(batch=64),
        learning=Learning(passes=10, learning_rate=0.03, weight_decay=0.0),
    ),
}

CONFIGURED: dict[str, Model] = {
    **{name: model() for name, model in (*MODELS.items(), *FURTHER.items())},
    "complements": Complements(gap_minutes=WHOLE_LOG),
    "substitutes": Substitutes(gap_minutes=WHOLE_LOG),
    "item-knn over shoppers": ItemKnn(over="shopper"),
    **NEURAL,
}
if importlib.util.find_spec("torch") is None:
    for neural in NEURAL:
        del CONFIGURED[neural]


def fit(name: str, log: Interactions) -> FittedModel:
    with Silent().step(name) as step:
        return CONFIGURED[name].fit(log, AS_OF, step)


@pytest.fixture(params=CONFIGURED, scope="module")
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def checkerboard(log_of: Callable[..., Interactions]) -> Interactions:
    """Shoppers buy the items of their own colour, each in two baskets, but the one of their own
    number: it is the one that is missing."""
    done = [
        (shopper, basket, item)
        for shopper in range(N_SHOPPERS)
        for item in range(N_ITEMS)
        if item % 2 == shopper % 2 and item != shopper
        for basket in (90, 95)
    ]
    return log_of(done, N_ITEMS)


@pytest.fixture(scope="module")
def wild(log_of: Callable[..., Interactions]) -> Interactions:
    """Forty shoppers who do all kinds of things at random, and one who does nothing."""
    random = np.random.default_rng(0)
    kinds = np.array([each for each in Event if each is not Event.LOGIN])  # which is of no item
    return log_of(
        [
            (int(user), float(day), int(item), Event(kind))
            for user, day, item, kind in zip(
                random.integers(0, 40, 2_000),
                random.uniform(0, 100, 2_000),
                random.zipf(1.5, 2_000) % N_ITEMS,
                random.choice(kinds, 2_000),
                strict=True,
            )
        ],
        N_ITEMS,
        n_users=41,
    )


@pytest.fixture(scope="module")
def model(name: str, wild: Interactions) -> FittedModel:
    """Fitted once for all that only ask it."""
    return fit(name, wild)


def test_learns_the_checkerboard(name: str, checkerboard: Interactions) -> None:
    """Whoever learns from shoppers with the same taste finds the item that was left out."""
    model = fit(name, checkerboard)
    bought = [set(checkerboard.of(u).item.tolist()) for u in range(N_SHOPPERS)]
    for shopper in range(N_SHOPPERS):
        found = model.candidates(checkerboard.of(shopper), N_ITEMS).items.tolist()
        if name in ("personal-frequency", "repeat-purchase"):
            # These know of nothing but what the shopper bought.
            assert set(found) == bought[shopper]
            continue
        new = [item for item in found if item not in bought[shopper]]
        if name == "substitutes":
            assert found == [], "nobody looked at anything"
            continue
        if name == "popularity":
            # All items have as many shoppers, so they stand by index.
            assert new == [item for item in range(N_ITEMS) if item not in bought[shopper]]
        else:
            assert new[0] == shopper


def test_is_deterministic(name: str, model: FittedModel, wild: Interactions) -> None:
    assert np.array_equal(fit(name, wild).score(wild), model.score(wild))


def test_scores_are_numbers_or_never(model: FittedModel, wild: Interactions) -> None:
    scores = model.score(wild)
    assert scores.shape == (wild.n_users, N_ITEMS)
    assert scores.dtype == np.float32
    assert not np.isnan(scores).any()
    assert not np.isposinf(scores).any()
    assert np.isfinite(scores[0]).any()


def test_saved_and_loaded_scores_the_same(
    name: str, model: FittedModel, wild: Interactions, tmp_path: Path
) -> None:
    model.save(tmp_path / "model")
    loaded = type(model).load(tmp_path / "model")
    assert np.array_equal(loaded.score(wild), model.score(wild))
    assert type(model) is CONFIGURED[name].fitted
    assert not list(tmp_path.rglob("*.pkl"))


def test_one_shopper_scores_as_in_a_batch(model: FittedModel, wild: Interactions) -> None:
    batch = model.score(wild)
    for user in range(wild.n_users):
        assert np.array_equal(model.score(wild.of(user))[0], batch[user])


def test_candidates_are_the_best_of_the_scores(model: FittedModel, wild: Interactions) -> None:
    scores = model.score(wild)
    for user in range(wild.n_users):
        proposed = np.flatnonzero(scores[user] > -np.inf)
        ranked = sorted(proposed.tolist(), key=lambda item: (-scores[user, item], item))
        for most in (1, 5, N_ITEMS):
            found = model.candidates(wild.of(user), most)
            assert found.items.tolist() == ranked[:most]
            assert found.scores.tolist() == scores[user, found.items].tolist()


def test_a_shopper_without_events(name: str, model: FittedModel) -> None:
    found = model.candidates(Interactions.empty(N_ITEMS), 5)
    assert len(found.items) == (5 if name == "popularity" else 0)


def test_a_log_without_events(name: str, log_of: Callable[..., Interactions]) -> None:
    model = fit(name, log_of([], N_ITEMS, n_users=3))
    scores = model.score(log_of([(0, 1, 2)], N_ITEMS))
    assert not np.isnan(scores).any()


def test_later_scoring_changes_no_earlier_one(model: FittedModel, wild: Interactions) -> None:
    assert model.at(AS_OF - 1) is model
    later = model.at(AS_OF + 30 * MICROSECONDS_PER_DAY)
    assert later.as_of == AS_OF + 30 * MICROSECONDS_PER_DAY
    assert not np.isnan(later.score(wild)).any()


def test_refuses_another_catalogue(model: FittedModel) -> None:
    with pytest.raises(BadInput, match="a catalogue of 24; found a catalogue of 7"):
        model.score(Interactions.empty(7))


def test_refuses_candidates_for_several(model: FittedModel, wild: Interactions) -> None:
    with pytest.raises(BadInput, match="one shopper; found 41"):
        model.candidates(wild, 5)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda log: replace(log, item=log.item + 1), "items from 0 to 23; found 1 to 24"),
        (lambda log: replace(log, ts=log.ts + AS_OF), "no event after"),
        (lambda log: replace(log, ts=log.ts[:-1]), "arrays of one length"),
        (lambda log: replace(log, offsets=log.offsets[::-1]), "arrays of one length"),
    ],
)
def test_refuses_a_broken_log(
    name: str,
    wild: Interactions,
    broken: Callable[[Interactions], Interactions],
    message: str,
) -> None:
    with pytest.raises(BadInput, match=message):
        fit(name, broken(wild))


def test_refuses_a_folder_without_it(model: FittedModel, tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="mercato build"):
        type(model).load(tmp_path)
    model.save(tmp_path)
    arrays = sorted(tmp_path.glob("*.npy"))
    if arrays:
        arrays[0].unlink()
        with pytest.raises(NotReady, match=arrays[0].name):
            type(model).load(tmp_path)
    (tmp_path / "model.json").write_text('{"format": 0, "model": "Other", "fields": {}}')
    with pytest.raises(NotReady, match="found Other of format 0"):
        type(model).load(tmp_path)


def test_every_hyperparameter_has_a_default_and_an_effect(name: str) -> None:
    """A model is what `MODELS` names: a frozen dataclass that can be made without arguments, each
    of whose fields its module reads."""
    made = CONFIGURED[name]
    assert is_dataclass(made)
    source = inspect.getsource(sys.modules[type(made).__module__])
    for each in fields(made):
        assert f"self.{each.name}" in source
