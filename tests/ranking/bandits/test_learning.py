"""What all bandits must do: learn, tell their chances, be merged and saved."""

import numpy as np
import pytest

from mercato.core.errors import NotReady
from mercato.evaluation.off_policy.inverse_propensity import inverse_propensity
from mercato.evaluation.off_policy.logged import Logged
from mercato.ranking.bandits.bernoulli_thompson import BernoulliThompson
from mercato.ranking.bandits.gaussian_thompson import GaussianThompson
from mercato.ranking.bandits.lin_ucb import LinUcb
from mercato.ranking.bandits.linear_thompson import LinearThompson

RATES = np.array([0.2, 0.5, 0.3])
ARMS = [BernoulliThompson.empty(3), GaussianThompson.empty(3, noise=0.5)]
LINEAR = [LinUcb.empty(3), LinearThompson.empty(3, width=0.5, draws=64)]


def _features(bandit, arm: np.ndarray) -> np.ndarray:
    return np.eye(3)[arm] if isinstance(bandit, (LinUcb, LinearThompson)) else arm


def _step(bandit, random):
    linear = isinstance(bandit, (LinUcb, LinearThompson))
    choice = bandit.choose(np.eye(3), random) if linear else bandit.choose(random)
    reward = float(random.random() < RATES[choice.arm])
    shown = _features(bandit, np.array([choice.arm]))
    return choice, reward, bandit.learned(shown, np.array([reward]))


@pytest.mark.parametrize("bandit", ARMS + LINEAR, ids=lambda each: type(each).__name__)
def test_the_best_arm_is_found_and_the_log_tells_of_the_others(bandit) -> None:
    random = np.random.default_rng(0)
    log = []
    for _ in range(600):
        choice, reward, bandit = _step(bandit, random)
        log.append((choice.arm, choice.propensity, reward))
    arm, propensity, reward = (np.array(column) for column in zip(*log, strict=True))
    assert (arm[300:] == 1).mean() > 0.6
    assert reward.mean() > RATES.mean() + 0.05
    # The best arm alone, told from the bandit's own log.
    target = (arm == 1).astype(float)
    told = inverse_propensity(Logged.of(reward, propensity, target)).estimate(resamples=50)
    assert told.low < RATES[1] < told.high
    assert told.claims


@pytest.mark.parametrize("bandit", ARMS + LINEAR, ids=lambda each: type(each).__name__)
def test_workers_together_know_what_one_would(bandit, tmp_path) -> None:
    random = np.random.default_rng(1)
    arm, reward = random.integers(0, 3, 40), random.integers(0, 2, 40).astype(float)
    whole = bandit.learned(_features(bandit, arm), reward)
    parts = [
        bandit.learned(_features(bandit, arm[rows]), reward[rows])
        for rows in (slice(0, 13), slice(13, 40))
    ]
    parts[0].merged(parts[1]).save(tmp_path / "merged")
    loaded = type(bandit).load(tmp_path / "merged")
    for name in ("successes", "failures", "plays", "sums", "squares", "products"):
        if hasattr(whole, name):
            assert getattr(loaded, name) == pytest.approx(getattr(whole, name))
    seeds = (np.random.default_rng(2), np.random.default_rng(2))
    assert _step(loaded, seeds[0])[0] == _step(whole, seeds[1])[0]


def test_another_kind_is_not_opened(tmp_path) -> None:
    LINEAR[0].save(tmp_path)
    with pytest.raises(NotReady, match="LinUcb"):
        LinearThompson.load(tmp_path)
