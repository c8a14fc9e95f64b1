"""Shoppers are made up, so what they looked at and what they like is known."""

import numpy as np
import pytest

from mercato.models.clicks.harvesting import harvested
from mercato.models.clicks.log import ClickLog
from mercato.models.clicks.position_based import fit_position_based
from mercato.models.clicks.propensities import Propensities, unbiased
from mercato.models.clicks.regression_em import METHOD as REGRESSION
from mercato.models.clicks.regression_em import fit_regression_em
from mercato.models.clicks.relevance import estimated_relevance
from mercato.models.clicks.selection import best_propensities
from mercato.models.clicks.simulated import Shoppers, simulated_clicks

N_ITEMS = 12


def simulated(
    eta: float, seed: int, n_queries: int = 60, sold_out: float = 0.1, sessions: int = 400
) -> tuple[ClickLog, Shoppers, np.ndarray]:
    """A log, its shoppers, and the true relevance of its pairs (n_pairs,)."""
    random = np.random.default_rng(seed)
    relevance = random.random((n_queries, N_ITEMS))
    # A ranker that knows some of the truth; the rest is noise.
    order = np.argsort(-relevance - random.normal(0, 0.5, relevance.shape), axis=1)
    shoppers = Shoppers(eta=eta, sessions=sessions, depth=N_ITEMS, sold_out=sold_out)
    chances = np.take_along_axis(relevance, order, axis=1)
    log = simulated_clicks(list(order), list(chances), shoppers, random)
    return log, shoppers, relevance[log.query, log.item]


def agreement(log: ClickLog, estimate: np.ndarray, truth: np.ndarray) -> float:
    """Share of the pairs of items of one query, different in truth, in the right order."""
    right = total = 0
    for query in range(int(log.query.max()) + 1):
        mine = log.query == query
        better = truth[mine][:, None] > truth[mine][None, :]
        total += better.sum()
        right += (better & (estimate[mine][:, None] > estimate[mine][None, :])).sum()
    return right / total


@pytest.mark.parametrize("eta", [1.0, 2.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_correction_finds_the_order_that_plain_rates_miss(eta: float, seed: int) -> None:
    log, shoppers, truth = simulated(eta, seed)
    known = best_propensities(log)
    corrected = agreement(log, estimated_relevance(log, known).value, truth)
    plain = agreement(log, log.by_pair(log.clicked) / log.by_pair(log.shown), truth)
    true = Propensities(tuple(shoppers.examined.tolist()), "true")
    best = agreement(log, estimated_relevance(log, true).value, truth)
    assert corrected > plain + 0.04
    assert corrected > best - 0.02


@pytest.mark.parametrize(("eta", "close"), [(1.0, 0.15), (2.0, 0.3)])
def test_propensities_come_out_of_items_that_moved(eta: float, close: float) -> None:
    log, shoppers, _ = simulated(eta, 3, n_queries=150)
    found = harvested(log)
    assert found is not None
    first = 8  # of the last places at eta 2, one showing in 100 is looked at
    errors = np.log(np.array(found.examined[:first]) / shoppers.examined[:first])
    assert np.abs(errors).max() < close


def test_one_item_never_clicked_below_and_always_above_is_seen_through() -> None:
    """By hand: the better item stood at place 4, clicked 15 of 100 times; the worse one on top, 40
    of 100. Looked at a quarter as often, the better one got .6 clicks a look, the other .4."""
    log = ClickLog.of_rows(
        np.zeros(2, int), np.array([7, 8]), np.array([1, 4]), np.full(2, 100), np.array([40, 15])
    )
    plain = estimated_relevance(log, unbiased(4))
    assert plain.value[0] > plain.value[1]
    corrected = estimated_relevance(log, Propensities((1.0, 0.5, 1 / 3, 0.25), "true"))
    assert corrected.value[1] > corrected.value[0]
    assert corrected.certain[0] > corrected.certain[1]


def exact(examined: list[float], relevance: list[list[float]]) -> ClickLog:
    """A log without chance: every item at every place, its clicks as expected."""
    rows = [
        (query, item, place + 1, 1000.0, 1000.0 * looked * chance)
        for query, chances in enumerate(relevance)
        for item, chance in enumerate(chances)
        for place, looked in enumerate(examined)
    ]
    query, item, place, shown, clicked = (np.array(each) for each in zip(*rows, strict=True))
    return ClickLog.of_rows(query.astype(int), item.astype(int), place.astype(int), shown, clicked)


def test_without_chance_every_estimator_finds_the_true_propensities() -> None:
    examined = [1.0, 0.7, 0.4, 0.1]
    relevance = [[0.2, 0.5], [0.9, 0.1], [0.4, 0.4]]
    log = exact(examined, relevance)
    features = np.array(relevance).reshape(-1, 1)
    moved = harvested(log)
    assert moved is not None
    for found in (moved, fit_position_based(log), fit_regression_em(log, features)):
        np.testing.assert_allclose(found.examined, examined, rtol=0.15, err_msg=found.method)


def test_where_nothing_moves_features_tell_places_and_relevance_apart() -> None:
    log, shoppers, truth = simulated(1.0, 5, n_queries=300, sold_out=0.0, sessions=100)
    assert harvested(log) is None
    features = truth[:, None] + np.random.default_rng(0).normal(0, 0.05, (len(truth), 1))
    found = fit_regression_em(log, features)
    errors = np.log(np.array(found.examined) / shoppers.examined)
    assert np.abs(errors).max() < 0.35
    assert best_propensities(log, features).method == REGRESSION


def test_unbiased_shoppers_are_not_corrected() -> None:
    log, _, _ = simulated(0.0, 4)
    assert min(best_propensities(log).examined) > 0.85
