"""Candidates of queries with what each is worth: what models of order learn from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import BadInput


@dataclass(frozen=True)
class RankingData:
    """The candidates of a query stand together.

    features : (n, n_features) float32, finite
    group    : (n_queries,) candidates of each query
    gain     : (n,) what each is worth, 0 and more
    weight   : (n,) how much each counts, as the inverse of its propensity; None for all the same
    """

    features: NDArray[np.float32]
    group: NDArray[np.int64]
    gain: NDArray[np.float32]
    weight: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        """Raises BadInput where the arrays do not fit together."""
        n = len(self.features)
        if len(self.gain) != n or self.group.sum() != n:
            raise BadInput(
                "a gain for each candidate and a group for each query",
                f"{n} candidates, {len(self.gain)} gains, groups of {self.group.sum()}",
                "Gather the candidates anew.",
            )
        if not np.isfinite(self.features).all() or (self.gain < 0).any():
            raise BadInput(
                "finite features and gains from 0", "others", "Gather the candidates anew."
            )

    @property
    def n_queries(self) -> int:
        return len(self.group)

    @property
    def starts(self) -> NDArray[np.int64]:
        """(n_queries,) where each query's candidates start."""
        return np.asarray(np.cumsum(self.group) - self.group)

    @property
    def query(self) -> NDArray[np.int64]:
        """(n,) the query of each candidate."""
        return np.repeat(np.arange(self.n_queries), self.group)

    def of(self, queries: NDArray[np.integer]) -> "RankingData":
        """Some queries, in the order given."""
        at = self.rows_of(queries)
        weight = None if self.weight is None else self.weight[at]
        return RankingData(self.features[at], self.group[queries], self.gain[at], weight)

    def rows_of(self, queries: NDArray[np.integer]) -> NDArray[np.int64]:
        """Where the candidates of some queries stand."""
        group = self.group[queries]
        ends = np.cumsum(group)
        shift = np.repeat(self.starts[queries] - (ends - group), group)
        return np.asarray(np.arange(int(group.sum())) + shift)
