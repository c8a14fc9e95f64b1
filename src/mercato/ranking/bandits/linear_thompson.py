"""Thompson sampling where arms share what is learned of their features."""

from dataclasses import dataclass

import numpy as np

from mercato.ranking.bandits.choice import Chances, Choice, Floats, drawn, explored
from mercato.ranking.bandits.linear import Linear


@dataclass(frozen=True)
class LinearThompson(Linear):
    """Agrawal & Goyal 2013 (https://arxiv.org/abs/1209.3352).

    As arms go together, the chance that one is best has no simple form. So ``draws`` weights are
    drawn first, and the arm is chosen with the share of them under which it is best. The share is
    exactly the chance of the choice, given the draws, which know nothing of the reward: estimates
    that weigh by it are unbiased. Beside Thompson's own chance it has the error told.

    width : standard deviation of one reward (v of the paper)
    share : spread evenly over the arms
    """

    width: float = 1.0
    share: float = 0.0
    draws: int = 256

    @classmethod
    def empty(
        cls,
        n_features: int,
        *,
        width: float = 1.0,
        share: float = 0.0,
        ridge: float = 1.0,
        draws: int = 256,
    ) -> "LinearThompson":
        squares = np.zeros((n_features, n_features))
        return cls(squares, np.zeros(n_features), ridge, width, share, draws)

    def chances(self, features: Floats, random: np.random.Generator) -> Chances:
        """Of arms with these features (n_arms, d); ``error`` is the largest standard error beside
        infinitely many draws."""
        weights, inverse = self.fit
        scores = features @ drawn_weights(weights, inverse, self.width, random, self.draws).T
        counts = np.bincount(scores.argmax(axis=0), minlength=len(features))
        shares = counts / self.draws
        error = float(np.sqrt(shares * (1 - shares) / self.draws).max())
        return Chances(explored(shares, self.share), error)

    def choose(self, features: Floats, random: np.random.Generator) -> Choice:
        return drawn(self.chances(features, random).values, random)


def drawn_weights(
    weights: Floats, inverse: Floats, width: float, random: np.random.Generator, draws: int
) -> Floats:
    """(…, draws, d) from the belief with mean (…, d) and covariance width² × inverse (…, d, d)."""
    root = np.linalg.cholesky(inverse)
    normal = random.standard_normal((*weights.shape[:-1], draws, weights.shape[-1]))
    return np.asarray(weights[..., None, :] + width * normal @ np.swapaxes(root, -1, -2))
