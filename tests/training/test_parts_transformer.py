"""The transformer of a build: what it proposes on shelves, and whether a release keeps it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.vectors import quantise
from mercato.core.changes import Change, ItemChange
from mercato.core.columns import Placement
from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.core.progress import Silent
from mercato.models import Models
from mercato.models.ease import Ease
from mercato.models.item_knn import ItemKnn
from mercato.models.personal_frequency import PersonalFrequency
from mercato.models.popularity import Popularity
from mercato.models.release import open_fitted
from mercato.models.repeat_purchase import RepeatPurchase
from mercato.models.shopper_transformer.of_shop import ShopTransformer
from mercato.ranking.shelf_features import NAMES
from mercato.ranking.shelf_ranker import FACTS, ShelfRanker
from mercato.recommend.asked import Asked
from mercato.recommend.pool import gather, network_columns, said_names
from mercato.recommend.request import ShelfContext, ShelfRequest
from mercato.recommend.retrievers.transformer import TRANSFORMER
from mercato.training.parts_shelf_ranker import _WITH, _choice, _save
from mercato.training.parts_transformer import OF_SHOP, make_transformer, of_shop
from mercato.training.shelf_ranker.choosing import without_network
from mercato.training.shelf_ranker.lessons import Lessons
from mercato.training.workshop import Made, Workshop

AS_OF = 100 * MICROSECONDS_PER_DAY
SMALL = replace(
    OF_SHOP,
    shape=replace(OF_SHOP.shape, width=16, longest=16),
    examples=replace(OF_SHOP.examples, batch=64),
    learning=replace(OF_SHOP.learning, passes=12, learning_rate=0.02),
    int8=False,
)
HOME = Placement.HOME


def vector_of(item: Any) -> np.ndarray:
    return np.random.default_rng(sum(str(item["product_type"]).encode())).choice([-1.0, 1.0], 64)


@pytest.fixture(scope="module")
def two_kinds(
    open_catalogue: Callable[..., Catalogue], log_of: Callable[..., Interactions]
) -> tuple[Catalogue, Interactions, ShopTransformer]:
    """Half of the shoppers buy tea and then more tea, the others tools."""
    pytest.importorskip("torch")
    items = [
        {"id": f"{kind}{at}", "title": kind, "product_type": f"Shop > {kind}", "price": 3.0 + at}
        for kind in ("Tea", "Tool")
        for at in range(6)
    ]
    catalogue = open_catalogue(items, vector_of=vector_of)
    random = np.random.default_rng(0)
    done = [
        (user, 40 + 5 * day, int(item) + 6 * (user % 2))
        for user in range(40)
        for day, item in enumerate(random.permutation(6))
    ]
    log = log_of(done, 12)
    with Silent().step("learn") as step:
        return catalogue, log, of_shop(catalogue, log, AS_OF, 1.0, step, SMALL)


def asked(catalogue: Catalogue, one: Interactions, found: ShopTransformer | None) -> Asked:
    with Silent().step("fit") as step:
        models = Models(
            Popularity().fit(one, AS_OF, step),
            PersonalFrequency().fit(one, AS_OF, step),
            RepeatPurchase().fit(one, AS_OF, step),
            ItemKnn().fit(one, AS_OF, step),
            Ease().fit(one, AS_OF, step),
            transformer=found,
        )
    return Asked(ShelfRequest(HOME), ShelfContext(catalogue, one, (), AS_OF, models))


def test_it_proposes_what_is_allowed_and_what_is_newer_than_the_release(
    two_kinds: tuple[Catalogue, Interactions, ShopTransformer],
    log_of: Callable[..., Interactions],
) -> None:
    """Tea that was added this second stands among tea, above every tool."""
    catalogue, _, found = two_kinds
    fields = {"title": "Tea", "product_type": "Shop > Tea", "price": 4.0}
    vector = quantise(np.asarray(vector_of(fields), np.float32)[None])[0].tobytes()
    later = catalogue.apply([ItemChange(1, Change.PUT, "new", fields, vector)])
    new = later.row("new")
    assert new is not None
    one = log_of([(0, 90, 0), (0, 95, 1)], 12)
    allowed = np.ones(later.n_rows, bool)
    allowed[:2] = False
    proposal = TRANSFORMER.propose(asked(later, one, found), allowed, 100)
    order = proposal.rows[np.argsort(-proposal.scores)].tolist()
    assert set(order) == {*range(2, 12), new}
    assert order.index(new) < 5
    assert set(order[:5]) == {2, 3, 4, 5, new}
    assert proposal.scores.sum() == pytest.approx(1)


def test_a_release_without_it_asks_nobody(
    two_kinds: tuple[Catalogue, Interactions, ShopTransformer],
    log_of: Callable[..., Interactions],
) -> None:
    catalogue, _, found = two_kinds
    one = log_of([(0, 90, 0), (0, 95, 1)], 12)
    allowed = np.ones(12, bool)
    assert not len(TRANSFORMER.propose(asked(catalogue, one, None), allowed, 9).rows)
    said = {
        network is None: gather(HOME, asked(catalogue, one, network), allowed)
        for network in (None, found)
    }
    assert said[True].rows.tolist() == said[False].rows.tolist(), "it brings nothing itself"
    columns = network_columns(HOME)
    assert not said[True].said[:, columns].any()
    assert said[False].said[:, columns].all()
    others = np.setdiff1d(np.arange(said[True].said.shape[1]), columns)
    np.testing.assert_array_equal(said[True].said[:, others], said[False].said[:, others])


def test_saved_with_the_release(
    two_kinds: tuple[Catalogue, Interactions, ShopTransformer], tmp_path: Path
) -> None:
    _, log, found = two_kinds
    found.save(tmp_path / "network")
    loaded = ShopTransformer.load(tmp_path / "network")
    assert np.array_equal(np.asarray(loaded.state(log.of(3))), np.asarray(found.state(log.of(3))))
    assert not list(tmp_path.rglob("*.pkl"))
    assert open_fitted.__doc__


def test_it_is_not_learned_where_it_may_not_be(tmp_path: Path) -> None:
    part = Made("part", "0", tmp_path, 0.0, reused=False)
    workshop = Workshop(tmp_path, Silent())
    assert make_transformer(workshop, "network", part, None, part, AS_OF, 0.0) is None


def lessons(network: bool, seed: int) -> Lessons:
    """What is bought is told by one feature, and half of it better by the transformer's score."""
    random = np.random.default_rng(seed)
    n, said = 200 * 30, said_names(HOME)
    features = np.zeros((n, len(NAMES) + len(said)), np.float32)
    hidden = random.normal(size=n)
    features[:, 0] = random.normal(size=n)
    told = hidden if network else random.normal(size=n)
    features[:, len(NAMES) + network_columns(HOME)[0]] = told
    bought = features[:, 0] + hidden > 1.8
    wanted = np.maximum(bought.reshape(200, 30).sum(1), 1)
    group = np.full(200, 30, np.int64)
    return Lessons(
        features, group, bought, np.ones(n, bool), random.random(n).astype(np.float32), wanted
    )


@pytest.mark.parametrize("network", [True, False])
def test_a_placement_keeps_it_where_it_wins(network: bool, tmp_path: Path) -> None:
    before, kept = tmp_path / "before", tmp_path / "kept"
    (before / FACTS).mkdir(parents=True)
    older = lessons(network, 1)
    _save(before / HOME, HOME, [without_network(older, HOME)], 0.0)
    _save(before / _WITH / HOME, HOME, [older], 0.0)
    compared = _choice(kept, {HOME: lessons(network, 2)}, before).of[HOME]
    assert compared.with_network == network
    ranker = ShelfRanker.open(kept / HOME)
    assert ranker is not None
    assert ranker.needed[len(NAMES) + network_columns(HOME)].any() == network
