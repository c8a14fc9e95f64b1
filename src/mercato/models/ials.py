"""Shoppers and items as points of one space: matrix factorisation of implicit feedback.

Hu, Koren & Volinsky 2008 (https://doi.org/10.1109/ICDM.2008.22), fitted by alternating least
squares with `implicit` (conjugate gradients: Takács et al. 2011,
https://doi.org/10.1145/2043932.2043987). A shopper is asked about by one more exact least squares
over the items' factors, so that the newest event counts and shoppers are not stored.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import NotReady
from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.base import FittedModel, Scored, check_log
from mercato.models.preference import Forgetting, Preferences, preferences

if TYPE_CHECKING:
    from implicit.cpu.als import AlternatingLeastSquares


@dataclass(frozen=True)
class FittedIals(FittedModel):
    """factors : (n_items, f) float32; 0 for an item that nobody met, which is never proposed
    gram    : (f, f) float32, factors' factors + regularisation I
    """

    scale_days: float
    power: float
    confidence: float
    factors: NDArray[np.float32]
    gram: NDArray[np.float32]

    def many(self, found: Preferences) -> NDArray[np.float32]:
        """(n_shoppers, n_items) scores of several at once; items that nobody met score 0."""
        bounds = zip(found.offsets[:-1], found.offsets[1:], strict=True)
        points = [self._point(found.item[a:b], found.weight[a:b]) for a, b in bounds]
        return np.asarray(np.stack(points) @ self.factors.T)

    def _point(
        self, items: NDArray[np.integer], weights: NDArray[np.floating]
    ) -> NDArray[np.float32]:
        """(f,) of one shopper: the least squares over (1 + confidence * preference) on what they
        met, 1 on all else."""
        near = self.factors[items]
        more = self.confidence * weights
        whole = self.gram + near.T @ (near * more[:, None])
        return np.asarray(np.linalg.solve(whole, near.T @ (1 + more)), np.float32)

    def _scored(self, one: Interactions) -> Scored:
        found = preferences(one, self.as_of, Forgetting(self.scale_days, self.power))
        known = np.flatnonzero(self.factors.any(axis=1)).astype(np.int32)
        if len(found.item) == 0:
            known = known[:0]
        return Scored(known, (self.factors @ self._point(found.item, found.weight))[known])


@dataclass(frozen=True)
class Ials:
    """factors        : dimensions of the space
    regularisation : on the square of all factors
    confidence     : how much more a wish counts than nothing known, Hu et al.'s alpha
    rounds         : over all shoppers and all items, once each
    """

    factors: int = 128
    regularisation: float = 0.1
    confidence: float = 10.0
    rounds: int = 15
    scale_days: float = 30.0
    power: float = 0.7
    seed: int = 0
    fitted: ClassVar[type[FittedModel]] = FittedIals

    def fit(self, interactions: Interactions, as_of: int, step: Step) -> FittedIals:
        check_log(interactions, as_of)
        found = preferences(interactions, as_of, Forgetting(self.scale_days, self.power))
        factors = np.zeros((interactions.n_items, self.factors), np.float32)
        if len(found.item):
            factors = self._factors(found, interactions.n_items, step)
        step.note(f"{self.factors} factors, {self.rounds} rounds")
        ridge = np.float32(self.regularisation) * np.eye(self.factors, dtype=np.float32)
        return FittedIals(
            interactions.n_items,
            as_of,
            self.scale_days,
            self.power,
            self.confidence,
            factors,
            factors.T @ factors + ridge,
        )

    def _factors(self, found: Preferences, n_items: int, step: Step) -> NDArray[np.float32]:
        """(n_items, factors)."""
        import scipy.sparse as sp
        from threadpoolctl import threadpool_limits

        shape = (len(found.offsets) - 1, n_items)
        # implicit counts a stored value as the whole confidence, not as what is added to 1.
        told = sp.csr_matrix((1 + self.confidence * found.weight, found.item, found.offsets), shape)
        # Its own threads and those of BLAS would fight over the cores.
        # Found before they are limited: a BLAS that is loaded later keeps its own.
        of_implicit = _of_implicit()
        with threadpool_limits(1, "blas"):
            solver = of_implicit(
                factors=self.factors,
                regularization=self.regularisation,
                iterations=self.rounds,
                random_state=self.seed,
            )
            solver.fit(told, show_progress=False, callback=lambda *_: step.advance())
        return np.asarray(solver.item_factors, np.float32)


def _of_implicit() -> "type[AlternatingLeastSquares]":
    try:
        from implicit.cpu.als import AlternatingLeastSquares
    except ModuleNotFoundError:
        raise NotReady(
            "the package implicit", "none", "Install it with: pip install 'mercato[train]'"
        ) from None
    found: type[AlternatingLeastSquares] = AlternatingLeastSquares
    return found
