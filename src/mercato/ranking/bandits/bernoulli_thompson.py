"""Thompson sampling of clicks: banners, placements, orders of a shelf."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaln, xlog1py, xlogy

from mercato.models.saving import Saved
from mercato.ranking.bandits.best_of import chances_of_best
from mercato.ranking.bandits.choice import Chances, Choice, Floats, drawn, explored


@dataclass(frozen=True)
class BernoulliThompson(Saved):
    """Each arm is chosen with the chance that it is the best (Thompson 1933,
    https://doi.org/10.1093/biomet/25.3-4.285; Agrawal & Goyal 2012,
    https://arxiv.org/abs/1111.1797). Regret grows with log T (Kaufmann, Korda & Munos 2012,
    https://arxiv.org/abs/1205.4217).

    successes, failures : (n_arms,) counts; those of several workers are added up
    prior               : of both, before anything is seen; 1 is all shares alike
    share               : spread evenly over the arms
    """

    successes: Floats
    failures: Floats
    prior: float = 1.0
    share: float = 0.0

    @classmethod
    def empty(cls, n_arms: int, share: float = 0.0) -> "BernoulliThompson":
        return cls(np.zeros(n_arms), np.zeros(n_arms), share=share)

    def chances(self) -> Chances:
        """Exact up to the error told, which is below 1e-9 unless counts pass
        millions. Computed once between two times of learning."""
        return self._chances

    @cached_property
    def _chances(self) -> Chances:
        a, b = self.successes + self.prior, self.failures + self.prior
        told = chances_of_best(
            lambda x: _density(x[:, None], a, b),
            lambda x: betainc(a, b, x[:, None]),
            a / (a + b),
            np.sqrt(a * b / (a + b + 1)) / (a + b),
            (0.0, 1.0),
        )
        return Chances(explored(told.values, self.share), told.error)

    def choose(self, random: np.random.Generator) -> Choice:
        return drawn(self.chances().values, random)

    def learned(
        self, arm: NDArray[np.integer], reward: NDArray[np.floating]
    ) -> "BernoulliThompson":
        """With more feedback (n,), whose rewards are 0 or 1."""
        n_arms = len(self.successes)
        won = np.bincount(arm, reward, n_arms)
        return replace(
            self,
            successes=self.successes + won,
            failures=self.failures + np.bincount(arm, minlength=n_arms) - won,
        )

    def merged(self, other: "BernoulliThompson") -> "BernoulliThompson":
        """With what another worker saw, which must be other feedback."""
        return replace(
            self,
            successes=self.successes + other.successes,
            failures=self.failures + other.failures,
        )


def _density(x: Floats, a: Floats, b: Floats) -> Floats:
    return np.asarray(np.exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - betaln(a, b)))


def drawn_best(
    successes: Floats, failures: Floats, random: np.random.Generator, prior: float = 1.0
) -> NDArray[np.int64]:
    """(…,) the arm of a draw from the beliefs over arrays (…, n_arms): what `choose` does where
    nobody needs the propensity."""
    return np.asarray(random.beta(successes + prior, failures + prior).argmax(axis=-1))
