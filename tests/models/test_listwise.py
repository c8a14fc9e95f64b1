"""A weighted sum that orders candidates."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import log_softmax

from mercato.models.listwise import Listwise, WeightedSum, _Loss
from mercato.models.ranking_data import RankingData


@pytest.fixture(scope="module")
def ranking() -> RankingData:
    """Feature 0 tells the gain, feature 1 is noise, feature 2 always the same."""
    random = np.random.default_rng(0)
    features = random.normal(size=(300, 3)).astype(np.float32)
    features[:, 2] = 7
    return RankingData(features, np.full(30, 10), np.maximum(features[:, 0], 0))


def test_the_feature_that_tells_gets_the_weight(ranking: RankingData) -> None:
    found = Listwise(0.01).fit(ranking, np.zeros(3)).weights
    assert found[0] > 1
    assert abs(found[1]) < 0.2
    assert found[2] == 0


def test_a_strong_ridge_keeps_the_weights_where_they_started(ranking: RankingData) -> None:
    start = np.array([-1.0, 2.0, 3.0])
    assert Listwise(1e6).fit(ranking, start).weights == pytest.approx(start, abs=1e-3)


def test_loss_and_slope_against_scipy(ranking: RankingData) -> None:
    standard = ranking.features.astype(np.float64)
    loss = _Loss.of(ranking, standard, np.zeros(3), 0.1)
    weights = np.array([0.3, -0.2, 0.05])
    value, slope = loss(weights)
    chances = log_softmax((standard @ weights).reshape(30, 10), axis=1)
    shares = ranking.gain.reshape(30, 10) / ranking.gain.reshape(30, 10).sum(1, keepdims=True)
    expected = -(shares * chances).sum() / 30 + 0.1 * (weights @ weights)
    assert value == pytest.approx(expected)
    for at, step in enumerate(np.eye(3) * 1e-6):
        apart = (loss(weights + step)[0] - loss(weights - step)[0]) / 2e-6
        assert slope[at] == pytest.approx(apart, abs=1e-6)


def test_queries_without_anything_of_worth_change_nothing(ranking: RankingData) -> None:
    empty = RankingData(
        np.concatenate([ranking.features, ranking.features[:10]]),
        np.append(ranking.group, 10),
        np.append(ranking.gain, np.zeros(10, np.float32)),
    )
    a, b = (
        _Loss.of(each, each.features.astype(float), np.zeros(3), 0.1) for each in (ranking, empty)
    )
    assert a(np.ones(3))[0] == pytest.approx(b(np.ones(3))[0])


def test_contributions_add_up(ranking: RankingData, tmp_path: Path) -> None:
    Listwise().fit(ranking, np.ones(3)).save(tmp_path)
    found = WeightedSum.load(tmp_path)
    parts, base = found.contributions(ranking.features[5])
    assert parts.sum() + base == pytest.approx(found.score(ranking.features[5:6])[0], abs=1e-5)


def test_some_queries_of_the_data(ranking: RankingData) -> None:
    some = ranking.of(np.array([3, 1]))
    assert some.group.tolist() == [10, 10]
    assert (some.features == ranking.features[[*range(30, 40), *range(10, 20)]]).all()
