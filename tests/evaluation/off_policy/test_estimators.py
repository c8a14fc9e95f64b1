"""A log of four rows, its estimates by hand.

reward  propensity  target  weight   model: shown, target
   1        1/2       1/4     1/2           1/2,   1/2
   0        1/4       1/2      2            1/2,   1/4
   1        1/4       1        4            3/4,   3/4
   0        1         1        1            1/4,   1/2
"""

from fractions import Fraction as F

import numpy as np
import pytest
from scipy.stats import t

from mercato.core.errors import BadInput, ChecksFailed
from mercato.evaluation.off_policy.direct import direct
from mercato.evaluation.off_policy.doubly_robust import (
    doubly_robust,
    self_normalised_doubly_robust,
)
from mercato.evaluation.off_policy.inverse_propensity import inverse_propensity, self_normalised
from mercato.evaluation.off_policy.logged import Logged, Predicted
from mercato.evaluation.off_policy.shrinkage import optimistic_shrinkage
from mercato.evaluation.off_policy.slope import chosen_by_slope
from mercato.evaluation.off_policy.switch import switch_doubly_robust
from mercato.evaluation.off_policy.terms import Terms, advantage

LOG = Logged.of(
    np.array([1.0, 0, 1, 0]), np.array([0.5, 0.25, 0.25, 1]), np.array([0.25, 0.5, 1, 1])
)
MODEL = Predicted(np.array([0.5, 0.5, 0.75, 0.25]), np.array([0.5, 0.25, 0.75, 0.5]))
ERRORS = [F(1, 2), F(-1, 2), F(1, 4), F(-1, 4)]
WEIGHTS = [F(1, 2), F(2), F(4), F(1)]


def _dr(weights: list[F]) -> F:
    return (2 + sum(w * e for w, e in zip(weights, ERRORS, strict=True))) / 4


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (inverse_propensity(LOG), (F(1, 2) + 4) / 4),
        (inverse_propensity(LOG, clip=3), (F(1, 2) + 3) / 4),
        (self_normalised(LOG), (F(1, 2) + 4) / sum(WEIGHTS)),
        (self_normalised(LOG, clip=1), (F(1, 2) + 1) / (F(1, 2) + 3)),
        (direct(LOG, MODEL), F(2, 4)),
        (doubly_robust(LOG, MODEL), _dr(WEIGHTS)),
        (doubly_robust(LOG, MODEL, clip=1), _dr([F(1, 2), F(1), F(1), F(1)])),
        (
            self_normalised_doubly_robust(LOG, MODEL),
            F(2, 4) + (F(1, 4) - 1 + 1 - F(1, 4)) / sum(WEIGHTS),
        ),
        (switch_doubly_robust(LOG, MODEL, 2), _dr([F(1, 2), F(2), F(0), F(1)])),
        (optimistic_shrinkage(LOG, MODEL, 2), _dr([2 * w / (w * w + 2) for w in WEIGHTS])),
        (optimistic_shrinkage(LOG, MODEL, np.inf), _dr(WEIGHTS)),
        (optimistic_shrinkage(LOG, MODEL, 0), F(2, 4)),
    ],
)
def test_by_hand(terms, expected) -> None:
    assert terms.value == pytest.approx(float(expected), abs=1e-12)


def test_the_effective_size_stands_beside_and_nothing_is_claimed_below_100() -> None:
    told = inverse_propensity(LOG).estimate()
    assert told.effective == pytest.approx(float(sum(WEIGHTS) ** 2 / (F(1, 4) + 4 + 16 + 1)))
    assert not told.claims
    assert told.to_json()["claims"] is False
    with pytest.raises(ChecksFailed, match="effective sample size of 100"):
        told.claimed()


def test_a_hundred_equal_rows_are_enough() -> None:
    ones = np.ones(100)
    told = inverse_propensity(Logged.of(ones, ones / 2, ones / 2)).estimate()
    assert told.effective == pytest.approx(100)
    assert told.claimed() == 1


def test_rows_of_one_shopper_are_no_more_than_one() -> None:
    """A thousand rows of two shoppers, all alike within each: the mean of two numbers."""
    unit = np.repeat([7, 3], 500)
    reward = np.where(unit == 7, 1.0, 0.0)
    terms = inverse_propensity(Logged.of(reward, np.ones(1000), np.ones(1000), unit))
    assert terms.effective == pytest.approx(2)
    # The standard error of the mean of 0 and 1: their standard deviation over the root of 2.
    assert terms.standard_error() == pytest.approx(np.std([0, 1], ddof=1) / np.sqrt(2))


def test_model_and_actions_make_what_is_predicted() -> None:
    chances = np.array([[0.5, 0.5, 0.0], [0.0, 0.25, 0.75]])
    rewards = np.array([[0.2, 0.4, 0.9], [0.1, 0.4, 0.8]])
    told = Predicted.of(np.array([1, 2]), chances, rewards)
    assert told.shown == pytest.approx([0.4, 0.8])
    assert told.target == pytest.approx([0.3, 0.7])


N = 2_000


def _world(seed: int):
    """Two kinds of shoppers, three banners; logged by one policy, asked about another."""
    random = np.random.default_rng(seed)
    rewards = np.array([[0.1, 0.3, 0.6], [0.5, 0.4, 0.1]])
    logging = np.array([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5]])
    asked = np.array([[0.1, 0.2, 0.7], [0.5, 0.4, 0.1]])
    kind = random.integers(0, 2, N)
    action = (random.random(N)[:, None] > logging[kind].cumsum(axis=1)).sum(axis=1)
    reward = (random.random(N) < rewards[kind, action]).astype(float)
    log = Logged.of(reward, logging[kind, action], asked[kind, action])
    # A model that is wrong by a factor, as models are.
    model = Predicted.of(action, asked[kind], rewards[kind] * 0.7)
    return log, model, float((asked * rewards).sum(axis=1).mean())


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    covered, missed_by_model = np.zeros(5), 0
    for seed in range(200):
        log, model, truth = _world(seed)
        terms = [
            inverse_propensity(log),
            self_normalised(log),
            doubly_robust(log, model),
            self_normalised_doubly_robust(log, model),
        ]
        covered[:4] += [abs(each.value - truth) < 1.96 * each.standard_error() for each in terms]
        told = terms[3].estimate(resamples=100)
        assert told.high - told.value == pytest.approx(1.96 * terms[3].standard_error(), rel=1e-4)
        covered[4] += told.bootstrap_low <= truth <= told.bootstrap_high
        missed_by_model += not (abs(direct(log, model).value - truth) < 0.05)
    # 95% of 200 is 190; a standard deviation is 3.1, and 100 resamples cost a little.
    assert (covered >= 179).all()
    assert covered[:4].max() <= 199
    assert missed_by_model == 200


def test_what_two_policies_share_cancels_out() -> None:
    log, model, truth = _world(0)
    better, same = doubly_robust(log, model), doubly_robust(log, model, clip=1e9)
    told = advantage(better, same)
    assert (told.value, told.low, told.high) == (0, 0, 0)
    shown = inverse_propensity(Logged.of(log.reward, np.ones(N), np.ones(N)))
    gain = advantage(inverse_propensity(log), shown)
    assert gain.low < truth - log.reward.mean() < gain.high
    assert gain.bootstrap_low > 0
    assert gain.high - gain.low == pytest.approx(gain.bootstrap_high - gain.bootstrap_low, rel=0.2)


def test_policies_are_told_from_the_same_rows() -> None:
    log, other = _world(0)[0], _world(1)[0]
    with pytest.raises(BadInput, match="one log"):
        advantage(inverse_propensity(log), inverse_propensity(other))


def _candidate(value: float, width: float) -> Terms:
    """Told from 400 rows, half above and half below: its one-sided 90% interval is ``width``."""
    n = 400
    spread = width / t.ppf(0.9, n - 1) * np.sqrt(n - 1)
    rows = value + np.where(np.arange(n) % 2, spread, -spread)
    return Terms(np.zeros(n), rows, np.ones(n), LONG)


LONG = Logged.of(np.zeros(400), np.ones(400), np.ones(400))


@pytest.mark.parametrize(
    ("values", "chosen"),
    [
        ([0, 1, 2], 2),  # 2 ≤ .1 + 1.449 × 3 and 1 ≤ .1 + 1.449 × 1: the calmest will do
        ([0, 1, 2.7], 1),  # 1.7 > .1 + 1.449 × 1
        ([0, 5.5, 5.6], 0),  # 5.5 > 1 + 1.449 × 3, so the third is not looked at
    ],
)
def test_slope_takes_the_calmest_that_others_do_not_contradict(values, chosen) -> None:
    told = [_candidate(value, width) for value, width in zip(values, [3, 1, 0.1], strict=True)]
    assert chosen_by_slope(told) == chosen
    assert chosen_by_slope(told[::-1]) == 2 - chosen


@pytest.mark.parametrize(
    ("propensity", "target", "match"),
    [
        ([0.0, 1.0], [1.0, 1.0], "found 0.0 in row 0"),
        ([0.5, 1.5], [1.0, 1.0], "found 1.5 in row 1"),
        ([0.5, np.nan], [1.0, 1.0], "found nan in row 1"),
        ([0.5, 1.0], [-0.1, 1.0], "found -0.1 in row 0"),
        ([0.5], [1.0, 1.0], "as many of each"),
    ],
)
def test_chances_that_are_none_are_refused(propensity, target, match) -> None:
    with pytest.raises(BadInput, match=match):
        Logged.of(np.ones(2), np.array(propensity), np.array(target))


def test_a_policy_that_shows_nothing_of_the_log_is_refused() -> None:
    with pytest.raises(BadInput, match="the other policy shows too"):
        inverse_propensity(Logged.of(np.ones(3), np.ones(3), np.zeros(3))).estimate()
