"""The transformer of a shop: what it proposes on shelves, beside items newer than itself."""

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
from mercato.models.repeat_purchase import RepeatPurchase
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.of_shop import ShopTransformer
from mercato.recommend.asked import Asked
from mercato.recommend.pool import gather, network_columns
from mercato.recommend.request import ShelfContext, ShelfRequest
from mercato.recommend.retrievers.transformer import TRANSFORMER
from mercato.training.parts_transformer import OF_SHOP, of_shop

AS_OF = 100 * MICROSECONDS_PER_DAY
HOME = Placement.HOME
SMALL = replace(
    OF_SHOP,
    shape=replace(OF_SHOP.shape, width=16, longest=16),
    examples=replace(OF_SHOP.examples, batch=64),
    learning=replace(OF_SHOP.learning, passes=12, learning_rate=0.02),
    int8=False,
)


def vector_of(item: Any) -> np.ndarray:
    return np.random.default_rng(sum(str(item["product_type"]).encode())).choice([-1.0, 1.0], 64)


@pytest.fixture(scope="module")
def two_kinds(
    open_catalogue: Callable[..., Catalogue], log_of: Callable[..., Interactions]
) -> tuple[Catalogue, Interactions, ShopTransformer]:
    """Half of the shoppers buy tea and then more tea, the others tools."""
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
        return catalogue, log, of_shop(catalogue, log, AS_OF, step, SMALL)


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


def test_a_price_moves_a_newer_item_without_its_text_being_looked_at_again(
    two_kinds: tuple[Catalogue, Interactions, ShopTransformer],
    log_of: Callable[..., Interactions],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As if it had come with that price; but for a new text it is looked at."""
    catalogue, _, found = two_kinds
    looks: list[int] = []
    plain = ShopTransformer.unpriced

    def looked(network: ShopTransformer, told: ItemContent) -> np.ndarray:
        looks.append(len(told))
        return plain(network, told)

    monkeypatch.setattr(ShopTransformer, "unpriced", looked)
    fields = {"title": "Tea", "product_type": "Shop > Tea", "price": 4.0}
    vector = quantise(np.asarray(vector_of(fields), np.float32)[None])[0].tobytes()
    one = log_of([(0, 90, 0), (0, 95, 1)], 12)

    def proposed(catalogue: Catalogue) -> list[float]:
        allowed = np.ones(catalogue.n_rows, bool)
        scores = TRANSFORMER.propose(asked(catalogue, one, found), allowed, 100).scores
        return [float(each) for each in scores]

    cheap = catalogue.apply([ItemChange(1, Change.PUT, "new", fields, vector)])
    begun = proposed(cheap)
    dear = cheap.apply([ItemChange(2, Change.PATCH, "new", {"price": 8.0}, None)])
    moved = proposed(dear)
    assert looks == [1]
    come = catalogue.apply([ItemChange(1, Change.PUT, "new", {**fields, "price": 8.0}, vector)])
    assert moved == pytest.approx(proposed(come), rel=1e-5)
    assert moved != begun
    looks.clear()
    proposed(dear.apply([ItemChange(3, Change.PATCH, "new", {"title": "Mug"}, vector)]))
    assert looks == [1]


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


class Killed(BaseException):
    """As a kill, nothing in between catches it."""


class Halfway:
    """A step that kills when half is done."""

    done = 0

    def advance(self, amount: int = 1) -> None:
        self.done += amount
        if self.done > 500:
            raise Killed

    def note(self, text: str) -> None: ...


def test_a_killed_build_goes_on_where_its_training_stood(
    two_kinds: tuple[Catalogue, Interactions, ShopTransformer], tmp_path: Path
) -> None:
    catalogue, log, whole = two_kinds
    often = replace(SMALL, learning=replace(SMALL.learning, save_seconds=-1.0))
    with pytest.raises(Killed):
        of_shop(catalogue, log, AS_OF, Halfway(), often, kept=tmp_path / "kept")
    step = Halfway()
    step.done = -500
    found = of_shop(catalogue, log, AS_OF, step, often, kept=tmp_path / "kept")
    assert found.model.outcome.losses == whole.model.outcome.losses
    assert np.array_equal(found.model.tables.items, whole.model.tables.items)


def test_saved_with_the_release(
    two_kinds: tuple[Catalogue, Interactions, ShopTransformer], tmp_path: Path
) -> None:
    _, log, found = two_kinds
    found.save(tmp_path / "network")
    loaded = ShopTransformer.load(tmp_path / "network")
    assert np.array_equal(np.asarray(loaded.state(log.of(3))), np.asarray(found.state(log.of(3))))
    assert not list(tmp_path.rglob("*.pkl"))
