"""What every model of clicks is: hyperparameters that fit, and what was fitted."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from mercato.core.progress import Step
from mercato.models.ctr.fields import Examples, Rows, check_known


class FittedClicks(ABC):
    """Scores rows without what it was fitted with: neither torch nor LightGBM is loaded.

    names, sizes : of the fields that it was fitted on
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]

    def score(self, rows: Rows) -> NDArray[np.float32]:
        """(n,) log-odds of a click; of a purchase where the model learned of them.

        Raises BadInput where rows have other fields than those that were learned from.
        """
        check_known(rows, self.names, self.sizes)
        return self._score(rows)

    def chance(self, rows: Rows) -> NDArray[np.float64]:
        """(n,) the same as probabilities."""
        return np.asarray(1 / (1 + np.exp(-self.score(rows).astype(np.float64))))

    @abstractmethod
    def _score(self, rows: Rows) -> NDArray[np.float32]:
        """See ``score``."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write into ``folder``, which is made where it is missing."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path) -> Self:
        """Open what ``save`` wrote. Raises NotReady where there is none of this kind."""


class ClickModel(Protocol):
    """Hyperparameters, each with a default."""

    fitted: ClassVar[type[FittedClicks]]
    """What ``fit`` gives, which can be loaded again."""

    def fit(self, train: Examples, validation: Examples, step: Step) -> FittedClicks:
        """Learn from ``train`` until ``validation`` is told no better.

        The step advances by passes over the examples, or trees. Raises BadInput where either part
        has clicked or unclicked examples alone, or their fields differ; NotReady where what fits
        it is not installed.
        """
