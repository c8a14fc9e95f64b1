import numpy as np
import pytest

from mercato.evaluation.counterfactual import LEAST_PROPENSITY, counterfactual_dcg


def test_by_hand() -> None:
    """Query 0: item a got 2 clicks at a place that half look at, so 4; b 1 click on top, so 1. The
    ranking puts a first (worth 1) and b second (worth 1 / log2 3)."""
    value = counterfactual_dcg(
        query=np.array([0, 0, 1, 1]),
        clicked=np.array([2, 1, 0, 0]),
        propensity=np.array([0.5, 1.0, 1.0, 0.5]),
        scores=np.array([3.0, 1.0, 1.0, 2.0]),
    )
    assert value[0] == pytest.approx((4 + 1 / np.log2(3)) / 5)
    assert value[1] == 0


def test_one_click_far_below_does_not_decide() -> None:
    value = counterfactual_dcg(
        np.zeros(2, int), np.array([1, 1]), np.array([1e-9, 1.0]), np.array([1.0, 2.0])
    )
    weight = 1 / LEAST_PROPENSITY
    assert value[0] == pytest.approx((weight / np.log2(3) + 1) / (weight + 1))


def test_clicks_on_one_ranking_tell_how_good_another_is() -> None:
    """Shown in the worst order, 200,000 times: what the best order would reach is known."""
    random = np.random.default_rng(0)
    relevance = np.array([0.1, 0.3, 0.8])
    examined = np.array([1.0, 0.4, 0.2])
    clicked = random.binomial(200_000, relevance * examined)
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        scores = -np.argsort(order).astype(float)
        found = counterfactual_dcg(np.zeros(3, int), clicked, examined, scores)
        discount = 1 / np.log2(np.argsort(order) + 2)
        assert found[0] == pytest.approx(relevance @ discount / relevance.sum(), abs=0.01)
