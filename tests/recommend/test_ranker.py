"""A shelf whose first stage a ranker orders, against one that adds up its retrievers."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mercato.core.changes import Change
from mercato.core.columns import Event, Placement
from mercato.core.history import MICROSECONDS_PER_DAY
from mercato.models.lambdamart.trees import LEAF, Trees
from mercato.ranking.reasons import ReasonCode
from mercato.ranking.shelf_facts import ShelfFacts
from mercato.ranking.shelf_features import NAMES
from mercato.ranking.shelf_ranker import ShelfRanker, ShelfRankers, save_ranker
from mercato.recommend.pool import said_names

TODAY = 100

Worth = Mapping[str, tuple[float, float]]
"""Feature → (threshold, what is above it is worth)."""

WithRanker = Callable[[Placement, Worth], Any]


def stumps(features: list[str], of: Worth) -> Trees:
    """Trees of one question each."""
    nodes = np.arange(3 * len(of))
    root = nodes % 3 == 0
    feature = np.full(len(nodes), LEAF)
    feature[root] = [features.index(name) for name in of]
    threshold, value = np.zeros(len(nodes)), np.zeros(len(nodes))
    threshold[root] = [at for at, _ in of.values()]
    value[nodes % 3 == 2] = [worth for _, worth in of.values()]
    return Trees(
        len(features),
        np.flatnonzero(root).astype(np.int32),
        feature.astype(np.int32),
        threshold.astype(np.float32),
        np.where(root, nodes + 1, -1).astype(np.int32),
        np.where(root, nodes + 2, -1).astype(np.int32),
        value.astype(np.float32),
        np.ones(len(nodes), np.float32),
    )


@pytest.fixture
def with_ranker(corner_shop: Any, log_of: Any, tmp_path: Path) -> WithRanker:
    """The corner shop with a ranker that is written down."""
    catalogue = corner_shop.catalogue
    facts = catalogue.facts.of(np.arange(catalogue.n_base))
    bought = [(shopper, TODAY - 1, catalogue.row("soap")) for shopper in range(20)]
    known = ShelfFacts.of_log(
        log_of(bought, catalogue.n_base),
        facts.keys[:, [0, 1, 3]].astype(np.int64),
        facts.numbers[:, 0],
        TODAY * MICROSECONDS_PER_DAY,
    )

    def made(placement: Placement, of: Worth) -> Any:
        said = said_names(placement)
        trees = stumps([*NAMES, *said], of)
        usual = np.zeros(trees.n_features, np.float32)
        save_ranker(tmp_path / placement, trees, said, 0.0, usual)
        ranker = ShelfRanker.open(tmp_path / placement)
        assert ranker is not None
        return replace(corner_shop, rankers=ShelfRankers(known, {placement: ranker}))

    return made


BOUGHT = [(90, "bread"), (80, "bread"), (70, "bread"), (95, "jam"), (60, "beer")]


def test_without_a_ranker_the_formula_orders(corner_shop: Any, with_ranker: WithRanker) -> None:
    other = with_ranker(Placement.HOME, {"demand: shoppers": (1, 1.0)})
    plain = corner_shop.ask(Placement.BUY_AGAIN, BOUGHT)
    assert other.ask(Placement.BUY_AGAIN, BOUGHT) == plain
    assert {item.retriever for item in plain.items} == {"repeat-purchase"}


def test_a_ranker_orders_what_was_bought_before(with_ranker: WithRanker) -> None:
    # What was not bought for 20 days stands first, then what was bought three times.
    worth = {"rhythm: since": (20, 2.0), "habit: lines": (2, 1.0)}
    shop = with_ranker(Placement.BUY_AGAIN, worth)
    shelf = shop.ask(Placement.BUY_AGAIN, BOUGHT)
    assert shop.ids(shelf) == ["beer", "bread", "jam"]
    chances = [1 / (1 + np.exp(-each)) for each in (2, 1, 0)]
    assert [item.score for item in shelf.items] == pytest.approx(
        [each / chances[0] for each in chances]
    )
    assert {item.retriever for item in shelf.items} == {"repeat-purchase"}
    assert all(item.ranked for item in shelf.items)
    assert shelf.fallback is None


def test_reasons_are_what_the_score_would_lose(with_ranker: WithRanker) -> None:
    shop = with_ranker(Placement.HOME, {"demand: shoppers": (2, 1.0), "ease: share": (0.1, 2.0)})
    shelf = shop.ask(Placement.HOME, BOUGHT)
    reasons = dict(zip(shop.ids(shelf), (item.reason for item in shelf.items), strict=True))
    assert reasons["butter"].code is ReasonCode.BECAUSE_BOUGHT
    assert reasons["butter"].item in ("bread", "jam")
    assert reasons["soap"].code is ReasonCode.POPULAR, "no shopper of bread buys soap"
    assert reasons["soap"].shoppers == 10


def test_what_is_touched_in_a_session_still_counts(with_ranker: WithRanker) -> None:
    shop = with_ranker(Placement.HOME, {"demand: shoppers": (2, 0.01)})
    before = shop.ids(shop.ask(Placement.HOME, [(90, "bread")]))
    after = shop.ids(shop.ask(Placement.HOME, [(90, "bread")], recent=["beer"]))
    assert after.index("crisps") < before.index("crisps")


def test_what_is_bought_now_counts_at_once(with_ranker: WithRanker) -> None:
    shop = with_ranker(Placement.BUY_AGAIN, {"habit: lines": (1, 1.0)})
    new = shop.after((Change.PUT, "kelp", {"id": "kelp", "title": "kelp"}))
    did = [(90, "bread"), (80, "jam"), (70, "jam")]
    late = [("kelp", Event.PURCHASE, 99.0), ("kelp", Event.PURCHASE, 99.5)]
    found = new.ids(new.ask(Placement.BUY_AGAIN, did, late=late))
    assert set(found[:2]) == {"jam", "kelp"}, "each was bought twice"
    assert found[2] == "bread"


def test_a_basket_is_known_to_the_ranker(with_ranker: WithRanker) -> None:
    shop = with_ranker(Placement.CART, {"basket: top category": (0.5, 1.0)})
    shelf = shop.ask(Placement.CART, cart=["bread"], n=4)
    assert set(shop.ids(shelf)[:3]) == {"jam", "butter", "honey"}, "of the basket's top category"
    assert shelf.items[0].score > shelf.items[-1].score


def test_what_lies_in_the_filters_is_ranked(with_ranker: WithRanker) -> None:
    shop = with_ranker(Placement.HOME, {"demand: shoppers": (2, 1.0)})
    shelf = shop.ask(Placement.HOME, BOUGHT, filters=('product_type:"Food > Spreads"',))
    assert shop.ids(shelf) == ["honey"]


def test_what_nothing_lifts_is_not_said_to_be_lifted(with_ranker: WithRanker) -> None:
    nothing: Worth = {"demand: shoppers": (1_000, 1.0)}
    again = with_ranker(Placement.BUY_AGAIN, nothing).ask(Placement.BUY_AGAIN, BOUGHT)
    assert {item.reason.code for item in again.items} == {ReasonCode.BOUGHT_BEFORE}
    home = with_ranker(Placement.HOME, nothing).ask(Placement.HOME, BOUGHT)
    ranked = [item for item in home.items if item.ranked]
    assert {item.reason.code for item in ranked} == {ReasonCode.ALSO_HERE}
