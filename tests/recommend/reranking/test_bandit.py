"""Places that a bandit fills: as often as logged, and by what it has learned."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from mercato.core.columns import Placement
from mercato.core.history import MICROSECONDS_PER_DAY
from mercato.ranking.bandits.shelf_order import (
    FEATURES,
    LIN_UCB,
    LINEAR_THOMPSON,
    learner_of,
    placing,
    to_json,
)
from mercato.recommend import ShelfContext, ShelfRequest
from mercato.recommend.asked import Asked
from mercato.recommend.picks import Pick
from mercato.recommend.placements import LAST_RESORT
from mercato.recommend.reranking.bandit import features_of, ordered

SHELVES = 2_000


def picks(*rows: int) -> list[Pick]:
    return [Pick(row, 1 / (1 + at), LAST_RESORT, 0) for at, row in enumerate(rows)]


@pytest.fixture
def question(corner_shop) -> Asked:
    context = ShelfContext(
        catalogue=corner_shop.catalogue,
        shopper=corner_shop.log_of([], corner_shop.catalogue.n_base, n_users=1),
        recent_rows=(),
        now=100 * MICROSECONDS_PER_DAY,
        models=corner_shop.models,
    )
    return Asked(ShelfRequest(Placement.HOME), context)


def with_seed(asked: Asked, seed: int) -> Asked:
    return Asked(asked.request, replace(asked.context, seed=seed))


def test_items_stand_first_as_often_as_logged(question: Asked) -> None:
    learner, candidates = learner_of(LIN_UCB), picks(0, 1, 2, 3, 4)
    shown: Counter[int] = Counter()
    told: dict[int, float] = {}
    for seed in range(SHELVES):
        first = ordered(candidates, 1, learner, with_seed(question, seed))[0]
        shown[first.row] += 1
        told[first.row] = first.propensity
    assert sum(told.values()) == pytest.approx(1)
    for row, propensity in told.items():
        error = 4 * np.sqrt(propensity * (1 - propensity) / SHELVES)
        assert shown[row] / SHELVES == pytest.approx(propensity, abs=error)


@pytest.mark.parametrize("order", [LIN_UCB, LINEAR_THOMPSON])
def test_the_chances_of_every_place_make_one(question: Asked, order: str) -> None:
    learner, random = learner_of(order), np.random.default_rng(3)
    features = features_of(picks(3, 1, 0, 2, 5, 7), question)
    assert features.shape == (6, len(FEATURES))
    at = placing(learner, features, random)
    for place, left in enumerate(range(6, 0, -1)):
        values = at(place, np.arange(left))
        assert values.sum() == pytest.approx(1) and values.min() >= 0.05 / left


@pytest.mark.parametrize("order", [LIN_UCB, LINEAR_THOMPSON])
def test_the_shelfs_own_order_stands_until_something_is_seen(question: Asked, order: str) -> None:
    """Shown as often as nothing else, on the average of many shelves."""
    candidates, places = picks(*range(8)), np.zeros(8)
    for seed in range(200):
        for place, pick in enumerate(
            ordered(candidates, 8, learner_of(order), with_seed(question, seed))
        ):
            places[pick.row] += place / 200
    assert np.argmin(places) == 0 and places[0] < 1.5 and places[:3].max() < places[5:].min()


@pytest.mark.parametrize("order", [LIN_UCB, LINEAR_THOMPSON])
def test_what_is_clicked_comes_first(question: Asked, order: str) -> None:
    """2,000 shown items, of which the unknown ones were clicked and others were not."""
    is_new = FEATURES.index("new")
    features = features_of(picks(*range(8)), question)
    seen = np.repeat(features, 250, axis=0)
    seen[::2, is_new] = 1
    learner = learner_of(order).learned(seen, seen[:, is_new])
    told = learner_of(order, to_json(learner))
    features[6, is_new] = 1
    values = placing(told, features, np.random.default_rng(0))(0, np.arange(8))
    assert values[6] == pytest.approx(1 - 0.05 * 7 / 8)


def test_a_shelf_says_what_it_was_chosen_by(corner_shop) -> None:
    plain = corner_shop.ask(Placement.HOME, n=4)
    assert all(item.features == () for item in plain.items)
    asked = corner_shop.ask(Placement.HOME, n=4, order=learner_of(LIN_UCB), seed=9)
    assert all(len(item.features) == len(FEATURES) for item in asked.items)
    places = [item.features[FEATURES.index("place")] for item in asked.items]
    assert places == [1.0, 0.6309, 0.5, 0.4307]  # 1 / log2(1 + place)
    assert asked == corner_shop.ask(Placement.HOME, n=4, order=learner_of(LIN_UCB), seed=9)
