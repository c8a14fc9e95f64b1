"""LambdaMART against LightGBM's own predictions and contributions, and against a known order."""

import itertools
import sys
from math import factorial
from pathlib import Path

import numpy as np
import pytest

from mercato.core.errors import BadInput, NotReady
from mercato.models.lambdamart.graph import GRAPH_FILE, open_graph, write_graph
from mercato.models.lambdamart.model import LambdaMart, trees_of
from mercato.models.lambdamart.shapley import contributions
from mercato.models.lambdamart.trees import LEAF, Trees
from mercato.models.ranking_data import RankingData

lightgbm = pytest.importorskip("lightgbm")

N_QUERIES, EACH, N_FEATURES = 40, 25, 6
SMALL = LambdaMart(n_trees=12, least_rows=5, ridge=0.1)


@pytest.fixture(scope="module")
def ranking() -> RankingData:
    """The gain is told by features 0 and 1; feature 2 is a whole number, the rest is noise."""
    random = np.random.default_rng(0)
    features = random.normal(size=(N_QUERIES * EACH, N_FEATURES)).astype(np.float32)
    features[:, 2] = random.integers(0, 3, len(features))
    gain = np.clip(np.round(features[:, 0] + (features[:, 1] > 0)), 0, 3).astype(np.float32)
    return RankingData(features, np.full(N_QUERIES, EACH), gain)


@pytest.fixture(scope="module")
def fitted(ranking: RankingData) -> Trees:
    return SMALL.fit(ranking)


@pytest.fixture(scope="module")
def theirs(ranking: RankingData) -> "lightgbm.Booster":
    """The same fit, left as LightGBM has it."""
    dataset = lightgbm.Dataset(ranking.features, ranking.gain.astype(int), group=ranking.group)
    return lightgbm.train(SMALL._parameters([0.0, 1.0, 2.0, 3.0]), dataset, SMALL.n_trees)


def test_gains_are_put_into_order(ranking: RankingData, fitted: Trees) -> None:
    fresh = np.zeros((3, N_FEATURES), np.float32)
    fresh[:, 0] = [-1, 0.8, 2.2]
    assert np.argsort(fitted.score(fresh)).tolist() == [0, 1, 2]


def test_scores_are_those_of_lightgbm(
    ranking: RankingData, fitted: Trees, theirs: "lightgbm.Booster"
) -> None:
    expected = theirs.predict(ranking.features)
    assert fitted.score(ranking.features) == pytest.approx(expected, abs=1e-5)


def test_the_curve_ends_with_the_loss_of_all_trees(ranking: RankingData) -> None:
    wanted = (ranking.gain > 0).astype(np.float32)
    model = LambdaMart(objective="binary", n_trees=12, least_rows=5)
    trees, curve = model.fit_told(RankingData(ranking.features, ranking.group, wanted))
    chance = 1 / (1 + np.exp(-trees.score(ranking.features)))
    loss = -np.log(np.where(wanted > 0, chance, 1 - chance)).mean()
    assert (curve.name, curve.each, len(curve.values)) == ("log loss", "tree", 12)
    assert curve.values[-1] == pytest.approx(loss, abs=1e-5)
    assert curve.values[0] > curve.values[-1]


def test_the_curve_of_an_order_is_its_ndcg(ranking: RankingData) -> None:
    trees, curve = SMALL.fit_told(ranking)
    order = np.argsort(-trees.score(ranking.features).reshape(N_QUERIES, EACH), axis=1)
    gain = ranking.gain.reshape(N_QUERIES, EACH)
    discount = 1 / np.log2(np.arange(2, 12))
    dcg = (np.take_along_axis(gain, order, 1)[:, :10] * discount).sum(1)
    ideal = (-np.sort(-gain, axis=1)[:, :10] * discount).sum(1)
    assert curve.name == "nDCG@10"
    assert curve.values[-1] == pytest.approx((dcg / ideal).mean(), abs=1e-4)


def test_a_feature_that_equals_a_threshold_goes_the_same_way(
    fitted: Trees, theirs: "lightgbm.Booster"
) -> None:
    # LightGBM reads what is nearer to 0 than 1e-35 as 0, which no feature of ours is.
    inner = (fitted.feature != LEAF) & (np.abs(fitted.threshold) > 1e-30)
    at_threshold = np.zeros((int(inner.sum()), N_FEATURES), np.float32)
    at_threshold[np.arange(len(at_threshold)), fitted.feature[inner]] = fitted.threshold[inner]
    above = np.nextafter(at_threshold, np.float32(np.inf))
    for rows in (at_threshold, above):
        assert fitted.score(rows) == pytest.approx(theirs.predict(rows), abs=1e-5)


def test_the_graph_scores_as_the_trees_do(
    ranking: RankingData, fitted: Trees, tmp_path: Path
) -> None:
    write_graph(fitted, tmp_path / GRAPH_FILE)
    found = open_graph(tmp_path / GRAPH_FILE)(ranking.features)
    assert found == pytest.approx(fitted.score(ranking.features), abs=1e-5)


def test_contributions_are_those_of_lightgbm(
    ranking: RankingData, fitted: Trees, theirs: "lightgbm.Booster"
) -> None:
    expected = theirs.predict(ranking.features[:20], pred_contrib=True)
    for row, each in zip(ranking.features[:20], expected, strict=True):
        found, base = contributions(fitted, row)
        assert [*found, base] == pytest.approx(each, abs=1e-5)
        assert found.sum() + base == pytest.approx(fitted.score(row[None])[0], abs=1e-5)


def test_contributions_are_shapley_values() -> None:
    """By the definition: the mean over all orders in which features become known."""
    # Feature 0 at most 0 → leaf 1 (cover 6); else feature 1 at most 0 → 5 (1), else 9 (3).
    tree = Trees(
        2,
        np.array([0], np.int32),
        np.array([0, LEAF, 1, LEAF, LEAF], np.int32),
        np.zeros(5, np.float32),
        np.array([1, -1, 3, -1, -1], np.int32),
        np.array([2, -1, 4, -1, -1], np.int32),
        np.array([0, 1, 0, 5, 9], np.float32),
        np.array([10, 6, 4, 1, 3], np.float32),
    )
    row = np.array([1, 1], np.float32)  # goes right, then right: 9
    below = (1 * 5 + 3 * 9) / 4
    value = {
        frozenset(): 0.6 * 1 + 0.4 * below,
        frozenset({0}): below,
        frozenset({1}): 0.6 * 1 + 0.4 * 9,
        frozenset({0, 1}): 9.0,
    }
    expected = [0.0, 0.0]
    for order in itertools.permutations((0, 1)):
        known: frozenset[int] = frozenset()
        for feature in order:
            expected[feature] += (value[known | {feature}] - value[known]) / factorial(2)
            known |= {feature}
    found, base = contributions(tree, row)
    assert found.tolist() == pytest.approx(expected)
    assert base == pytest.approx(value[frozenset()])


def test_a_weight_of_nothing_leaves_a_query_out(ranking: RankingData) -> None:
    """Half of the queries say the opposite; they weigh nothing."""
    wrong = ranking.query >= N_QUERIES // 2
    gain = np.where(wrong, 3 - ranking.gain, ranking.gain)
    weight = np.where(wrong, 1e-9, 1).astype(np.float32)
    found = SMALL.fit(RankingData(ranking.features, ranking.group, gain, weight))
    fresh = np.zeros((2, N_FEATURES), np.float32)
    fresh[:, 0] = [-1, 2.2]
    assert np.argsort(found.score(fresh)).tolist() == [0, 1]


def test_a_query_without_candidates_changes_nothing(ranking: RankingData, fitted: Trees) -> None:
    group = np.insert(ranking.group, 3, 0)
    found = SMALL.fit(RankingData(ranking.features, group, ranking.gain))
    assert (found.score(ranking.features) == fitted.score(ranking.features)).all()


def test_trees_correct_the_scores_they_start_from(ranking: RankingData) -> None:
    start = 10.0 * ranking.gain.astype(np.float64)  # nothing is left to correct
    kept = SMALL.fit(ranking, start)
    assert np.abs(kept.score(ranking.features)).max() < 0.2


def test_trees_are_saved_and_deterministic(
    ranking: RankingData, fitted: Trees, tmp_path: Path
) -> None:
    SMALL.fit(ranking).save(tmp_path)
    loaded = Trees.load(tmp_path)
    assert (loaded.score(ranking.features) == fitted.score(ranking.features)).all()


def test_a_tree_of_one_leaf_is_read() -> None:
    found = trees_of({"tree_info": [{"tree_structure": {"leaf_value": 0.5}}]}, 3)
    assert found.score(np.zeros((2, 3), np.float32)).tolist() == [0.5, 0.5]


def test_without_lightgbm_the_remedy_is_said(
    ranking: RankingData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(NotReady, match="libgomp1"):
        SMALL.fit(ranking)


def test_data_that_does_not_fit_together_is_refused(ranking: RankingData) -> None:
    with pytest.raises(BadInput, match="a group for each query"):
        RankingData(ranking.features, ranking.group[:-1], ranking.gain)
    with pytest.raises(BadInput, match="finite features"):
        RankingData(ranking.features * np.nan, ranking.group, ranking.gain)
