"""EASE against the definition it minimises, and by the seasons and reasons that are ours."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mercato.core.errors import NotReady
from mercato.core.history import Interactions
from mercato.models.ease import Ease, FittedEase


def matrix(model: FittedEase) -> np.ndarray:
    dense = np.zeros((model.n_items, model.n_items))
    source = np.repeat(np.arange(model.n_items), np.diff(model.offsets))
    dense[source, model.target] = model.weight
    return dense


def random_log(log_of: Callable[..., Interactions], n_items: int) -> Interactions:
    random = np.random.default_rng(5)
    return log_of(
        [
            (int(u), 1, int(i))
            for u, i in zip(
                random.integers(0, 60, 700), random.zipf(1.2, 700) % n_items, strict=True
            )
        ],
        n_items,
    )


def test_each_column_is_a_ridge_regression_on_the_other_items(
    log_of: Callable[..., Interactions],
    fit_at: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The closed form solves, for each item j, min |x_j - X b|^2 + 3 |b|^2 with b_j = 0."""
    monkeypatch.setattr("mercato.models.closed_form._BLOCK", 7)
    log = random_log(log_of, 25)
    found = matrix(fit_at(Ease(regularisation=3.0, power=0, momentum=0), log, 2))
    bought = np.zeros((60, 25))
    bought[log.user, log.item] = 1
    expected = np.zeros((25, 25))
    for j in range(25):
        others = np.delete(np.arange(25), j)
        X = bought[:, others]
        expected[others, j] = np.linalg.solve(X.T @ X + 3 * np.eye(24), X.T @ bought[:, j])
    assert found == pytest.approx(expected, abs=2e-3)


def test_only_popular_items_and_their_strongest_links_are_kept(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    log = random_log(log_of, 25)
    whole = matrix(fit_at(Ease(items=10, power=0, momentum=0), log, 2))
    shoppers = [len(set(log.user[log.item == item])) for item in range(25)]
    popular = sorted(sorted(range(25), key=lambda item: (-shoppers[item], item))[:10])
    assert np.flatnonzero(whole.any(axis=1)).tolist() == popular
    assert np.flatnonzero(whole.any(axis=0)).tolist() == popular
    cut = matrix(fit_at(Ease(items=10, links=3, power=0, momentum=0), log, 2))
    for item in popular:
        strongest = np.argsort(-np.abs(whole[item]), kind="stable")[:3]
        assert np.flatnonzero(cut[item]).tolist() == sorted(strongest.tolist())
        assert np.array_equal(cut[item, strongest], whole[item, strongest])


def test_what_was_bought_lately_weighs_more(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    """Jam goes with bread, corn with beer; who bought beer last is shown corn first."""
    bread, jam, beer, corn = range(4)
    log = log_of(
        [
            *((u, d, i) for u in range(20) for d, i in ((90, bread), (90, jam))),
            *((u, d, i) for u in range(20, 40) for d, i in ((90, beer), (90, corn))),
        ],
        n_items=4,
    )
    model = fit_at(Ease(regularisation=1.0, momentum=0), log, 100)
    lately_beer = log_of([(0, 10, bread), (0, 99, beer)], 4)
    lately_bread = log_of([(0, 10, beer), (0, 99, bread)], 4)
    assert model.candidates(lately_beer, 1).items.tolist() == [corn]
    assert model.candidates(lately_bread, 1).items.tolist() == [jam]


def test_momentum_is_shoppers_of_the_newest_days_against_their_share(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    # A log of 100 days, of which 25 are new: an item without season has a quarter there.
    steady = [(u, 4 + 25 * u, 0) for u in range(4)]
    season = [(u, 90 + u, 1) for u in range(4)]
    gone = [(u, u, 2) for u in range(4)]
    model = fit_at(Ease(momentum=0.5, momentum_days=25), log_of(steady + season + gone, 4), 100)
    expected = np.sqrt([(1 + 1) / (1 + 1), (4 + 1) / (1 + 1), 1 / (1 + 1), 1])
    assert model.lift == pytest.approx(expected, rel=1e-6)


def test_scores_are_lifted_by_momentum(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    seasonal = log_of([(u, 1 + 30 * (i == 3), i) for u in range(20) for i in range(6)], 6)
    plain = fit_at(Ease(momentum=0), seasonal, 60)
    lifted = fit_at(Ease(momentum=1, momentum_days=30), seasonal, 60)
    one = log_of([(0, 1, 0)], 6)
    assert len(set(lifted.lift.tolist())) > 1
    assert lifted.score(one)[0] == pytest.approx(plain.score(one)[0] * lifted.lift)


def test_evidence(log_of: Callable[..., Interactions], fit_at: Callable[..., Any]) -> None:
    bread, jam, beer, corn = range(4)
    log = log_of(
        [
            *((u, 1, i) for u in range(20) for i in (bread, jam)),
            *((u, 1, i) for u in range(20, 40) for i in (beer, corn)),
        ],
        n_items=4,
    )
    model = fit_at(Ease(regularisation=1.0, power=0, momentum=0), log, 2)
    both, weights = np.array([bread, beer]), np.array([1.0, 0.2])
    assert model.evidence(both, weights, np.array([corn, jam])).tolist() == [beer, bread]


def test_too_little_regularisation_is_said(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    """Two items that everyone buys together make the item matrix singular."""
    log = log_of([(u, 1, i) for u in range(4) for i in (0, 1)], n_items=2)
    with pytest.raises(NotReady, match="Raise Ease.regularisation"):
        fit_at(Ease(regularisation=-8.0), log, 1)
