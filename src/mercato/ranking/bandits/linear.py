"""What is known of rewards that are linear in features, as sums that workers add up."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mercato.models.saving import Saved
from mercato.ranking.bandits.choice import Floats


@dataclass(frozen=True)
class Linear(Saved):
    """Ridge regression of rewards on features of shopper and arm together.

    Arms with weights of their own are features that are 0 for all other arms.
    squares : (d, d) sum of x xᵀ; products : (d,) sum of x × reward
    ridge   : what stands on the diagonal before anything is seen
    """

    squares: Floats
    products: Floats
    ridge: float = 1.0

    @cached_property
    def fit(self) -> tuple[Floats, Floats]:
        """(d,) weights and (d, d) the inverse; computed once between two times of learning."""
        return fitted(self.squares, self.products, self.ridge)

    def learned(self, features: Floats, reward: NDArray[np.floating]) -> Self:
        """With more feedback: features (n, d) of what was shown, and rewards (n,)."""
        return replace(
            self,
            squares=self.squares + features.T @ features,
            products=self.products + features.T @ reward,
        )

    def merged(self, other: Self) -> Self:
        """With what another worker saw, which must be other feedback."""
        return replace(
            self,
            squares=self.squares + other.squares,
            products=self.products + other.products,
        )


def fitted(squares: Floats, products: Floats, ridge: float) -> tuple[Floats, Floats]:
    """(…, d) weights and (…, d, d) the inverse of the squares with the ridge on their diagonal."""
    inverse = np.linalg.inv(squares + ridge * np.eye(squares.shape[-1]))
    return (inverse @ products[..., None])[..., 0], np.asarray(inverse, np.float64)
