"""iALS against `implicit` itself and against the equations it solves."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

from mercato.core.columns import Event
from mercato.core.history import Interactions
from mercato.models.ials import Ials
from mercato.models.preference import Forgetting, preferences

MODEL = Ials(factors=6, regularisation=0.3, confidence=4.0, rounds=5, power=0.0)


@pytest.fixture(scope="module")
def log_for_factors(log_of: Callable[..., Interactions]) -> Interactions:
    random = np.random.default_rng(2)
    done = zip(random.integers(0, 40, 500), random.zipf(1.3, 500) % 20, strict=True)
    kinds = (Event.PURCHASE, Event.VIEW_ITEM)
    return log_of([(int(u), 1, int(i), kinds[(u + i) % 2]) for u, i in done], 22)


@pytest.fixture(scope="module")
def confidences(log_for_factors: Interactions) -> np.ndarray:
    """(40, 22) 1 + 4 * preference, 0 where nothing happened: a purchase is worth 1, a view .2."""
    worth = np.zeros((40, 22))
    purchase = log_for_factors.of_kinds(Event.PURCHASE).event[0]
    weight = np.where(log_for_factors.event == purchase, 1.0, 0.2)
    np.add.at(worth, (log_for_factors.user, log_for_factors.item), weight)
    return np.where(worth > 0, 1 + 4 * np.minimum(worth, 1), 0)


def test_is_implicit(
    log_for_factors: Interactions, confidences: np.ndarray, fit_at: Callable[..., Any]
) -> None:
    alone = AlternatingLeastSquares(6, regularization=0.3, iterations=5, random_state=0)
    with threadpool_limits(1, "blas"):
        alone.fit(sp.csr_matrix(confidences.astype(np.float32)), show_progress=False)
    found = fit_at(MODEL, log_for_factors, 2)
    assert found.factors == pytest.approx(alone.item_factors, rel=1e-5)


def test_a_shopper_is_a_weighted_least_squares(
    log_for_factors: Interactions, confidences: np.ndarray, fit_at: Callable[..., Any]
) -> None:
    """x minimises sum over all items c (p - x y)^2 + .3 |x|^2, with c = 1 where p = 0."""
    found = fit_at(MODEL, log_for_factors, 2)
    items = found.factors.astype(float)
    scores = found.score(log_for_factors)
    for shopper in range(40):
        told = confidences[shopper]
        c = np.diag(np.where(told > 0, told, 1.0))
        x = np.linalg.solve(items.T @ c @ items + 0.3 * np.eye(6), items.T @ c @ (told > 0))
        known = np.flatnonzero(scores[shopper] > -np.inf)
        assert scores[shopper, known] == pytest.approx((items @ x)[known], abs=1e-4)
    everyone = preferences(log_for_factors, 0, Forgetting(power=0))
    known_scores = np.where(scores == -np.inf, 0, scores)
    np.testing.assert_allclose(found.many(everyone), known_scores, atol=1e-5)


def test_an_item_that_nobody_met_is_not_proposed(
    log_for_factors: Interactions, fit_at: Callable[..., Any]
) -> None:
    found = fit_at(MODEL, log_for_factors, 2).candidates(log_for_factors.of(0), 22)
    met = set(log_for_factors.item.tolist())
    assert {20, 21}.isdisjoint(met)
    assert set(found.items.tolist()) == met
