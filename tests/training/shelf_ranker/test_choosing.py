"""A ranker is kept where it did better on days that it has not learned from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mercato.core.columns import Placement
from mercato.ranking.shelf_features import NAMES
from mercato.recommend.pool import said_names
from mercato.training.shelf_ranker.choosing import (
    BLENDS,
    FORMULA,
    MOST_OTHERS,
    NETWORK,
    Compared,
    Comparison,
    blended,
    compare,
    enough,
    learn,
    without_network,
)
from mercato.training.shelf_ranker.lessons import Lessons

N_SHOPPERS, EACH, N_FEATURES = 200, 30, 4


def lessons_of(formula: NDArray[np.floating] | None = None, seed: int = 0) -> Lessons:
    """What is bought is told by the first feature, with noise."""
    random = np.random.default_rng(seed)
    n = N_SHOPPERS * EACH
    features = random.normal(size=(n, N_FEATURES)).astype(np.float32)
    bought = features[:, 0] + random.normal(scale=0.3, size=n) > 1.2
    group = np.full(N_SHOPPERS, EACH, np.int64)
    wanted = np.maximum(bought.reshape(N_SHOPPERS, EACH).sum(axis=1), 1).astype(np.int64)
    by = random.random(n) if formula is None else formula
    return Lessons(features, group, bought, np.ones(n, bool), by.astype(np.float32) + 0.01, wanted)


def test_what_is_learned_orders_other_days() -> None:
    trees, _ = learn([lessons_of(seed=1), lessons_of(seed=2)])
    newest = lessons_of()
    compared = compare(newest, trees.score(newest.features))
    assert compared.chosen in ("ranker", "blend")
    assert compared.ndcg["ranker"]["value"] > 0.9 > compared.ndcg[FORMULA]["value"]
    assert compared.difference["ranker"]["low"] > 0
    assert compared.shoppers == N_SHOPPERS


def test_what_is_no_better_is_not_kept() -> None:
    truth = lessons_of().bought
    best = lessons_of(formula=truth.astype(float))
    trees, _ = learn([lessons_of(seed=1)])
    assert compare(best, trees.score(best.features)).chosen == FORMULA
    noise = np.random.default_rng(9).normal(size=len(truth))
    newest = lessons_of()
    assert compare(newest, noise).chosen == FORMULA, "its interval holds 0"


def test_the_transformer_is_kept_where_it_adds_to_the_ranker() -> None:
    newest, truth = lessons_of(), lessons_of().bought
    score = newest.features[:, 0].astype(float)
    sees_more = np.where(truth, score + 0.5, score)
    found = compare(newest, score, sees_more)
    assert found.with_network
    assert found.gained is not None
    assert found.gained["low"] > 0
    assert found.blend == BLENDS[found.chosen.removesuffix(NETWORK)]
    assert set(found.ndcg) == {FORMULA, *BLENDS, *(name + NETWORK for name in BLENDS)}


def test_the_transformer_is_left_out_where_it_adds_nothing() -> None:
    newest = lessons_of()
    score = newest.features[:, 0].astype(float)
    noise = np.random.default_rng(3).normal(scale=0.01, size=len(score))
    for more in (score + noise, noise, -score):
        found = compare(newest, score, more)
        assert found.chosen == compare(newest, score).chosen
        assert not found.with_network
        assert found.gained is not None
        assert found.gained["low"] <= 0


def test_without_the_network_nothing_of_it_is_seen() -> None:
    home = Placement.HOME
    width = len(NAMES) + len(said_names(home))
    lessons = replace(lessons_of(), features=np.ones((N_SHOPPERS * EACH, width), np.float32))
    gone = np.flatnonzero((without_network(lessons, home).features == 0).all(axis=0))
    assert [said_names(home)[at - len(NAMES)] for at in gone] == [
        "transformer: score",
        "transformer: share",
    ]
    assert lessons.features.all(), "what was given stays"


def test_a_blend_adds_shares_of_the_greatest() -> None:
    lessons = Lessons(
        np.zeros((3, 1), np.float32),
        np.array([2, 0, 1]),
        np.zeros(3, bool),
        np.ones(3, bool),
        np.array([4.0, 1.0, 5.0], np.float32),
        np.array([1, 1, 1]),
    )
    log_odds = np.array([0.0, np.log(1 / 3), 2.0])  # chances 1/2, 1/4 and some other
    assert blended(lessons, log_odds, 0.5) == pytest.approx([1.5, 0.5 + 0.125, 1.5])


def test_too_little_is_not_learned_from() -> None:
    lessons = lessons_of()
    assert enough(lessons)
    none = Lessons(
        lessons.features,
        lessons.group,
        np.zeros_like(lessons.bought),
        lessons.counted,
        lessons.formula,
        lessons.wanted,
    )
    assert not enough(none)
    assert MOST_OTHERS > len(lessons.bought), "all of these are learned from"


def test_a_comparison_is_written_read_and_told(tmp_path: Path) -> None:
    number = {"value": 0.4, "low": 0.3, "high": 0.5}
    kept = Compared("blend", 9, {FORMULA: number, "blend": number}, {"blend": number})
    left = Compared(FORMULA, 3, {}, {}, "too few purchases")
    comparison = Comparison({"home": kept, "cart": left})
    comparison.save(tmp_path)
    assert Comparison.open(tmp_path) == comparison
    assert comparison.chosen() == {Placement.HOME: "blend"}
    assert comparison.told() == (
        "home: blend of formula 0.400, blend 0.400; cart: formula (too few purchases)"
    )
