"""Thompson sampling of rewards that are numbers, as margins or time on a page."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from mercato.models.saving import Saved
from mercato.ranking.bandits.best_of import chances_of_best
from mercato.ranking.bandits.choice import Chances, Choice, Floats, drawn, explored


@dataclass(frozen=True)
class GaussianThompson(Saved):
    """Beliefs about means are normal, and stay so (Agrawal & Goyal 2013,
    https://arxiv.org/abs/1209.3353).

    plays, sums     : (n_arms,) of rewards; those of several workers are added up
    noise           : standard deviation of one reward; too great a one explores longer
    prior_mean      : of an arm of which nothing is known
    prior_deviation : how far arms may be from it
    share           : spread evenly over the arms
    """

    plays: Floats
    sums: Floats
    noise: float = 1.0
    prior_mean: float = 0.0
    prior_deviation: float = 1.0
    share: float = 0.0

    @classmethod
    def empty(
        cls,
        n_arms: int,
        *,
        noise: float = 1.0,
        prior_mean: float = 0.0,
        prior_deviation: float = 1.0,
        share: float = 0.0,
    ) -> "GaussianThompson":
        zeros = np.zeros(n_arms)
        return cls(zeros, zeros, noise, prior_mean, prior_deviation, share)

    def belief(self) -> tuple[Floats, Floats]:
        """(n_arms,) means and standard deviations."""
        precision = 1 / self.prior_deviation**2 + self.plays / self.noise**2
        weighed = self.prior_mean / self.prior_deviation**2 + self.sums / self.noise**2
        return weighed / precision, 1 / np.sqrt(precision)

    def chances(self) -> Chances:
        """Exact up to the error told, which is below 1e-9. Computed once between two
        times of learning."""
        return self._chances

    @cached_property
    def _chances(self) -> Chances:
        mean, deviation = self.belief()
        told = chances_of_best(
            lambda x: _density((x[:, None] - mean) / deviation) / deviation,
            lambda x: ndtr((x[:, None] - mean) / deviation),
            mean,
            deviation,
            (-np.inf, np.inf),
        )
        return Chances(explored(told.values, self.share), told.error)

    def choose(self, random: np.random.Generator) -> Choice:
        return drawn(self.chances().values, random)

    def learned(self, arm: NDArray[np.integer], reward: NDArray[np.floating]) -> "GaussianThompson":
        """With more feedback (n,)."""
        n_arms = len(self.plays)
        return replace(
            self,
            plays=self.plays + np.bincount(arm, minlength=n_arms),
            sums=self.sums + np.bincount(arm, reward, n_arms),
        )

    def merged(self, other: "GaussianThompson") -> "GaussianThompson":
        """With what another worker saw, which must be other feedback."""
        return replace(self, plays=self.plays + other.plays, sums=self.sums + other.sums)


def _density(z: Floats) -> Floats:
    return np.asarray(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))
