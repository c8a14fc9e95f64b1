"""Chances of being the best against many draws and against arithmetic."""

import numpy as np
import pytest
from scipy.stats import norm

from mercato.ranking.bandits.bernoulli_thompson import BernoulliThompson, drawn_best
from mercato.ranking.bandits.choice import drawn, explored
from mercato.ranking.bandits.gaussian_thompson import GaussianThompson
from mercato.ranking.bandits.lin_ucb import LinUcb
from mercato.ranking.bandits.linear_thompson import LinearThompson

COUNTS = [
    ([0, 0, 0], [0, 0, 0]),
    ([3, 5], [10, 9]),
    ([1, 0, 900_000], [3, 0, 100_000]),
    ([20, 30, 25, 28], [400, 380, 410, 395]),
]


@pytest.mark.parametrize(("won", "lost"), COUNTS)
def test_bernoulli_as_drawn(won, lost) -> None:
    bandit = BernoulliThompson(np.array(won, float), np.array(lost, float))
    told = bandit.chances()
    assert told.error < 1e-9
    assert told.values.sum() == pytest.approx(1)
    shape = (200_000, len(won))
    best = drawn_best(
        np.broadcast_to(won, shape), np.broadcast_to(lost, shape), np.random.default_rng(0)
    )
    shares = np.bincount(best, minlength=len(won)) / 200_000
    assert told.values == pytest.approx(shares, abs=0.005)


def test_bernoulli_by_hand() -> None:
    """One arm won once: density 2x. Against a fresh one: the integral of 2x × x = 2/3."""
    told = BernoulliThompson(np.array([1.0, 0]), np.zeros(2)).chances()
    assert told.values == pytest.approx([2 / 3, 1 / 3], abs=1e-12)


def test_gaussian_by_hand() -> None:
    """Of two normals the first is greater with the chance Phi(difference / its deviation)."""
    bandit = GaussianThompson.empty(2, noise=2.0, prior_mean=1.0, prior_deviation=3.0)
    bandit = bandit.learned(np.array([0, 0, 1]), np.array([3.0, 5.0, 2.0]))
    mean, deviation = bandit.belief()
    # Precisions: 1/9 + 2/4 and 1/9 + 1/4; means: (1/9 + 8/4) and (1/9 + 2/4) over them.
    assert mean == pytest.approx([(1 / 9 + 2) / (11 / 18), (1 / 9 + 0.5) / (13 / 36)])
    assert deviation**2 == pytest.approx([18 / 11, 36 / 13])
    first = norm.cdf((3.4545454545 - 1.6923076923) / np.sqrt(1.6363636364 + 2.7692307692))
    told = bandit.chances()
    assert told.values == pytest.approx([first, 1 - first], abs=1e-9)
    assert told.error < 1e-9


def test_narrow_beliefs_beside_wide_ones_are_not_missed() -> None:
    bandit = GaussianThompson(np.array([1e8, 1.0, 0]), np.array([0.5e8, 0.5, 0.0]))
    random = np.random.default_rng(0)
    mean, deviation = bandit.belief()
    best = random.normal(mean, deviation, (200_000, 3)).argmax(axis=1)
    told = bandit.chances()
    assert told.error < 1e-9
    assert told.values == pytest.approx(np.bincount(best) / 200_000, abs=0.005)


def test_explored_arms_have_their_floor() -> None:
    assert explored(np.array([1.0, 0, 0, 0]), 0.2).tolist() == pytest.approx([0.85] + [0.05] * 3)
    bandit = BernoulliThompson(np.array([900.0, 0]), np.array([0, 900.0]), share=0.1)
    assert bandit.chances().values == pytest.approx([0.95, 0.05])


def test_what_is_logged_is_how_often_it_is_shown() -> None:
    chances = np.array([0.2, 0.5, 0.0, 0.3])
    random = np.random.default_rng(0)
    found = [drawn(chances, random) for _ in range(20_000)]
    shares = np.bincount([each.arm for each in found], minlength=4) / 20_000
    assert shares == pytest.approx(chances, abs=0.015)
    assert {each.propensity for each in found if each.arm == 1} == {0.5}


FEATURES = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.6]])


def test_lin_ucb_by_hand() -> None:
    """After x = (1, 0) earned 1 three times: weights (3/4, 0), unknown 1/4 and 1; bounds with a
    width of 2: .75 + 2 × .5, 2, .45 + 2 × sqrt(.36 / 4 + .36)."""
    bandit = LinUcb.empty(2, width=2.0, share=0.3).learned(FEATURES[[0, 0, 0]], np.ones(3))
    assert bandit.chances(FEATURES).values == pytest.approx([0.1, 0.8, 0.1])
    # With x = (0, 1) seen too, its bound is 2 × sqrt(1/2) = 1.41.
    more = bandit.learned(FEATURES[[1]], np.zeros(1))
    assert more.chances(FEATURES).values == pytest.approx([0.8, 0.1, 0.1])
    # The third's then is .45 + 2 × sqrt(.09 + .18) = 1.49: between the two others.
    assert more.chances(FEATURES[1:]).values == pytest.approx([0.15, 0.85])


def test_arms_alike_share_the_choice() -> None:
    assert LinUcb.empty(2, share=0.0).chances(FEATURES[[0, 0]]).values.tolist() == [0.5, 0.5]


def test_linear_thompson_tells_what_it_does() -> None:
    """The share of draws is the chance of the choice; with more draws it comes near the exact one,
    which two arms have: Phi of the expected difference over its deviation."""
    bandit = LinearThompson.empty(2, draws=50_000).learned(
        FEATURES[[0, 0, 1, 2]], np.array([1.0, 0.8, 0.5, 0.9])
    )
    told = bandit.chances(FEATURES[:2], np.random.default_rng(0))
    precision = np.array([[1 + 2 + 0.36, 0.36], [0.36, 1 + 1 + 0.36]])
    weights = np.linalg.solve(precision, [1.8 + 0.54, 0.5 + 0.54])
    apart = np.array([1.0, -1.0])
    z = apart @ weights / np.sqrt(apart @ np.linalg.solve(precision, apart))
    assert told.error == pytest.approx(np.sqrt(norm.cdf(z) * norm.sf(z) / 50_000), rel=0.05)
    assert told.values[0] == pytest.approx(norm.cdf(z), abs=4 * told.error)
