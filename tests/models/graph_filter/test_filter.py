"""The filter against dense matrices, GF-CF's among its settings."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mercato.core.columns import Event
from mercato.core.history import Interactions
from mercato.models.graph_filter.filter import GraphFilter
from mercato.models.preference import Forgetting, preferences

SHOPPERS, ITEMS = 30, 20


@pytest.fixture(scope="module")
def graph_log(log_of: Callable[..., Interactions]) -> Interactions:
    random = np.random.default_rng(6)
    pairs = zip(random.integers(0, SHOPPERS, 300), random.zipf(1.2, 300) % ITEMS, strict=True)
    kinds = (Event.PURCHASE, Event.ADD_TO_CART)
    return log_of([(int(u), 1, int(i), kinds[int((u + i) % 3 == 0)]) for u, i in pairs], ITEMS + 1)


@pytest.fixture(scope="module")
def met_in_graph(graph_log: Interactions) -> np.ndarray:
    """(30, 21): a purchase is worth 1, a cart .5, together no more than 1."""
    worth = np.zeros((graph_log.n_users, ITEMS + 1))
    purchase = graph_log.of_kinds(Event.PURCHASE).event[0]
    np.add.at(
        worth, (graph_log.user, graph_log.item), np.where(graph_log.event == purchase, 1, 0.5)
    )
    return np.minimum(worth, 1)


def unseen(model: Any, log: Interactions, met: np.ndarray) -> np.ndarray:
    """Scores of what each shopper has not met, and somebody has; other places are 0."""
    return np.where((met == 0) & met.any(axis=0), np.nan_to_num(model.score(log), neginf=0), 0)


def test_is_gf_cf(
    graph_log: Interactions, met_in_graph: np.ndarray, fit_at: Callable[..., Any]
) -> None:
    """Shen et al. 2021, (14): x (R'R + .3 D^-1/2 V V' D^1/2) for R = U^-1/2 X D^-1/2."""
    X = met_in_graph
    items = np.maximum(X.sum(0), 1e-9)
    R = X / np.sqrt(X.sum(1))[:, None] / np.sqrt(items)
    V = np.linalg.svd(R)[2][:4].T
    smooth = np.diag(items**-0.5) @ V @ V.T @ np.diag(items**0.5)
    expected = np.where((X == 0) & X.any(axis=0), X @ (R.T @ R + 0.3 * smooth), 0)
    model = GraphFilter(
        0.5, 0.5, linear_degree=0, pass_degree=0.5, low_pass=0.3, factors=4, links=0, power=0
    )
    found = unseen(fit_at(model, graph_log, 2), graph_log, X)
    assert found == pytest.approx(expected, abs=1e-3)


def test_powers_degrees_and_tilt(
    graph_log: Interactions, met_in_graph: np.ndarray, fit_at: Callable[..., Any]
) -> None:
    X = met_in_graph
    items = np.maximum(X.sum(0), 1e-9)
    M = X * X.sum(1)[:, None] ** -0.2 * items**-0.4
    _, singular, right = np.linalg.svd(M)
    values, V = singular[:5] ** 2, right[:5].T
    linear = np.diag(items**-0.1) @ (M.T @ M / values[0]) @ np.diag(items**0.1)
    gains = 0.7 * (values / values[0]) ** 2
    smooth = np.diag(items**-0.6) @ (V * gains) @ V.T @ np.diag(items**0.6)
    expected = np.where((X == 0) & X.any(axis=0), X @ (linear + smooth), 0)
    model = GraphFilter(0.2, 0.4, 0.1, 0.6, low_pass=0.7, tilt=2, factors=5, links=0, power=0)
    found = unseen(fit_at(model, graph_log, 2), graph_log, X)
    assert found == pytest.approx(expected, abs=1e-3 * expected.max())


def test_many_are_scored_as_one(graph_log: Interactions, fit_at: Callable[..., Any]) -> None:
    model = fit_at(GraphFilter(factors=3), graph_log, 40)
    found = model.many(preferences(graph_log, model.as_of, Forgetting()))
    one_by_one = model.score(graph_log)
    assert found == pytest.approx(np.where(one_by_one == -np.inf, 0, one_by_one), abs=1e-5)


def test_only_the_strongest_links_are_kept(
    graph_log: Interactions, met_in_graph: np.ndarray, fit_at: Callable[..., Any]
) -> None:
    model = fit_at(GraphFilter(shopper_power=0, item_power=0, links=2, power=0), graph_log, 2)
    gram = met_in_graph.T @ met_in_graph
    np.fill_diagonal(gram, 0)
    for item in range(ITEMS):
        kept = model.target[model.offsets[item] : model.offsets[item + 1]]
        assert len(kept) == 2
        assert sorted(gram[item, kept])[::-1] == pytest.approx(np.sort(gram[item])[::-1][:2])
