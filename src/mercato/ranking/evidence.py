"""What is known of a query's matches before they are ranked."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.cosines import Cosines
from mercato.catalogue.text_matching import TextMatches


@dataclass(frozen=True)
class Evidence:
    """How rows fit a query, by words and by meaning.

    text    : None where words were not looked at
    cosines : of the texts with the query; None where meaning was not looked at
    """

    text: TextMatches | None = None
    cosines: Cosines | None = None

    def lexical(self, rows: NDArray[np.integer]) -> NDArray[np.float32]:
        """(k,) BM25F of rows as a share of what no row can exceed."""
        if self.text is None:
            return np.zeros(len(rows), np.float32)
        return self.text.scores_of(rows) / np.float32(self.text.best or 1.0)

    def cosine(self, rows: NDArray[np.integer], catalogue: Catalogue) -> NDArray[np.float32]:
        """(k,) of rows; 0 where a row has no vector."""
        if self.cosines is None or catalogue.vectors is None:
            return np.zeros(len(rows), np.float32)
        return catalogue.vectors.cosines_of(rows, self.cosines)
