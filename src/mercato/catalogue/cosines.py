"""How near texts are to one query: exactly, or of most texts only about."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Cosines:
    """Of all n_texts with one query.

    query  : (1, d) int8
    length : of the query as int8
    values : (k,) float32, the exact ones
    texts  : (k,) int64, ascending, whose they are; None where they are of all
    """

    query: NDArray[np.int8]
    length: np.float32
    values: NDArray[np.float32]
    texts: NDArray[np.int64] | None = None

    def reaching(self, threshold: float) -> NDArray[np.int64]:
        """Texts whose exact cosine is at least so high, ascending."""
        found = np.flatnonzero(self.values >= threshold)
        return found if self.texts is None else self.texts[found]

    def of(self, texts: NDArray[np.integer]) -> NDArray[np.float32]:
        """(k,) of texts whose cosine is exact."""
        return self.values[texts if self.texts is None else np.searchsorted(self.texts, texts)]
