"""Metrics against arithmetic by hand and against ir-measures 0.4.3 (pytrec_eval)."""

import math

import numpy as np
import pytest

from mercato.evaluation.judging import Judged, Truth, judge
from mercato.evaluation.metrics import hit, ndcg, precision, recall, reciprocal_rank

A, B, C, D, X, Y, M = range(7)
NOT_RELEVANT = 90


@pytest.fixture(scope="module")
def judged() -> Judged:
    """Three queries: relevant are a=3, b=1, c=2 (d=0 is judged not to be); x=2, y=1; m=1."""
    truth = Truth.of_pairs(
        row=np.array([0, 0, 0, 0, 1, 1, 2]),
        item=np.array([A, B, C, D, X, Y, M]),
        n=3,
        grade=np.array([3, 1, 2, 0, 2, 1, 1]),
    )
    answers = np.array(
        [
            [NOT_RELEVANT, C, A, D, B],
            [Y, NOT_RELEVANT, X, -1, -1],
            [NOT_RELEVANT, NOT_RELEVANT + 1, -1, -1, -1],
        ]
    )
    return judge(answers, truth)


def test_hit(judged: Judged) -> None:
    assert hit(judged, 1).tolist() == [0, 1, 0]
    assert hit(judged, 3).tolist() == [1, 1, 0]


def test_recall_is_over_what_could_be_found(judged: Judged) -> None:
    # Query 0 has three relevant items: one place can hold one of them, two places two.
    assert recall(judged, 1) == pytest.approx([0 / 1, 1 / 1, 0 / 1])
    assert recall(judged, 2) == pytest.approx([1 / 2, 1 / 2, 0 / 1])
    assert recall(judged, 5) == pytest.approx([3 / 3, 2 / 2, 0 / 1])


def test_precision(judged: Judged) -> None:
    assert precision(judged, 3) == pytest.approx([2 / 3, 2 / 3, 0])


def test_reciprocal_rank(judged: Judged) -> None:
    assert reciprocal_rank(judged, 3) == pytest.approx([1 / 2, 1, 0])
    assert reciprocal_rank(judged, 1) == pytest.approx([0, 1, 0])


def test_ndcg_binary(judged: Judged) -> None:
    second, third = 1 / math.log2(3), 1 / math.log2(4)
    by_hand = [
        (second + third) / (1 + second + third),
        (1 + third) / (1 + second),
        0,
    ]
    assert ndcg(judged, 3) == pytest.approx(by_hand)
    # ir-measures: nDCG(gains={1: 1, 2: 1, 3: 1})@3
    assert ndcg(judged, 3) == pytest.approx([0.530721, 0.919721, 0.0], abs=1e-6)


def test_ndcg_exponential(judged: Judged) -> None:
    # Query 0: grades 0, 2, 3 are worth 0, 3, 7; the best order is worth 7, 3, 1.
    by_hand = (3 / math.log2(3) + 7 / 2) / (7 + 3 / math.log2(3) + 1 / 2)
    assert ndcg(judged, 3, "exp")[0] == pytest.approx(by_hand)
    # ir-measures: nDCG(gains={1: 1, 2: 3, 3: 7}) at 3 and 5
    assert ndcg(judged, 3, "exp") == pytest.approx([0.574141, 0.688529, 0.0], abs=1e-6)
    assert ndcg(judged, 5, "exp") == pytest.approx([0.615328, 0.688529, 0.0], abs=1e-6)


def test_ndcg_exponential_from_one(judged: Judged) -> None:
    # Grades 1, 2, 3 are worth 0, 1, 3; query 2 has nothing that is worth anything.
    by_hand = (1 / math.log2(3) + 3 / 2) / (3 + 1 / math.log2(3))
    assert ndcg(judged, 5, "exp1")[0] == pytest.approx(by_hand)
    # ir-measures: nDCG(gains={1: 0, 2: 1, 3: 3})@5
    assert ndcg(judged, 5, "exp1") == pytest.approx([0.586883, 0.5, 0.0], abs=1e-6)
