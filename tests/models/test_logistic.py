"""Logistic regression against likelihoods that can be solved by hand, and against SciPy."""

import numpy as np
import pytest
from scipy.optimize import minimize

from mercato.models.logistic import fit_logistic


def test_one_yes_or_no_feature() -> None:
    # Of 40 rows with the feature 30 are true, of 60 without it 20: the likeliest odds are
    # 20 / 40 without and 30 / 10 with it.
    feature = np.repeat([1.0, 0.0], [40, 60])
    labels = np.concatenate([np.arange(40) < 30, np.arange(60) < 20])
    found = fit_logistic(feature[:, None], labels, ridge=0)
    assert found == pytest.approx([np.log(20 / 40), np.log(30 / 10) - np.log(20 / 40)])


def test_against_scipy() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(500, 3))
    labels = features @ [1.0, -2.0, 0.0] + random.logistic(size=500) > 1

    def loss(weights: np.ndarray) -> float:
        odds = weights[0] + features @ weights[1:]
        return float(
            np.logaddexp(0, np.where(labels, -odds, odds)).sum() + weights[1:] @ weights[1:] / 2
        )

    expected = minimize(loss, np.zeros(4), method="BFGS").x
    assert fit_logistic(features, labels) == pytest.approx(expected, abs=1e-4)


def test_a_perfect_split_has_an_answer() -> None:
    feature = np.arange(10.0)[:, None]
    found = fit_logistic(feature, np.arange(10) > 4)
    assert np.isfinite(found).all()
    assert found[1] > 0
