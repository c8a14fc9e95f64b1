"""The arm that may be best: its expected reward and how little is known of it."""

from dataclasses import dataclass

import numpy as np

from mercato.ranking.bandits.choice import Chances, Choice, Floats, drawn, explored
from mercato.ranking.bandits.linear import Linear


@dataclass(frozen=True)
class LinUcb(Linear):
    """LinUCB (Li et al. 2010, https://arxiv.org/abs/1003.0146), whose regret grows with the root of
    T up to logarithms (Chu et al. 2011, https://proceedings.mlr.press/v15/chu11a.html).

    width : standard deviations that what is unknown counts for (alpha of the paper)
    share : spread evenly over the arms: without it the choice has no chance in it, and the log
            tells nothing of other policies
    """

    width: float = 1.0
    share: float = 0.05

    @classmethod
    def empty(
        cls, n_features: int, *, width: float = 1.0, share: float = 0.05, ridge: float = 1.0
    ) -> "LinUcb":
        squares = np.zeros((n_features, n_features))
        return cls(squares, np.zeros(n_features), ridge, width, share)

    def chances(self, features: Floats) -> Chances:
        """Of arms with these features (n_arms, d); equal bounds share. Exact."""
        told = bounds(features, *self.fit, self.width)
        best = told == told.max()
        return Chances(explored(best / best.sum(), self.share), 0.0)

    def choose(self, features: Floats, random: np.random.Generator) -> Choice:
        return drawn(self.chances(features).values, random)


def bounds(features: Floats, weights: Floats, inverse: Floats, width: float) -> Floats:
    """(…, n_arms) upper ends, from features (…, n_arms, d), weights (…, d), inverse (…, d, d)."""
    expected = (features @ weights[..., None])[..., 0]
    unknown = ((features @ inverse) * features).sum(axis=-1)
    return np.asarray(expected + width * np.sqrt(np.maximum(unknown, 0)))
