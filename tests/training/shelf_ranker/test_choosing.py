"""A ranker is kept where it did better on days that it has not learned from."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mercato.core.columns import Placement
from mercato.training.shelf_ranker.choosing import (
    FORMULA,
    MOST_OTHERS,
    Compared,
    Comparison,
    blended,
    compare,
    enough,
    learn,
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
    trees = learn([lessons_of(seed=1), lessons_of(seed=2)])
    newest = lessons_of()
    compared = compare(newest, trees.score(newest.features))
    assert compared.chosen in ("ranker", "blend")
    assert compared.ndcg["ranker"]["value"] > 0.9 > compared.ndcg[FORMULA]["value"]
    assert compared.difference["ranker"]["low"] > 0
    assert compared.shoppers == N_SHOPPERS


def test_what_is_no_better_is_not_kept() -> None:
    truth = lessons_of().bought
    best = lessons_of(formula=truth.astype(float))
    trees = learn([lessons_of(seed=1)])
    assert compare(best, trees.score(best.features)).chosen == FORMULA
    noise = np.random.default_rng(9).normal(size=len(truth))
    newest = lessons_of()
    assert compare(newest, noise).chosen == FORMULA, "its interval holds 0"


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
