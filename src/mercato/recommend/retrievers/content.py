"""What reads like the items that a shelf starts from; items newer than the release too."""

import numpy as np

from mercato.catalogue.vectors import VectorIndex
from mercato.ranking.reasons import Reason, ReasonCode
from mercato.recommend.asked import Asked, Rows, without
from mercato.recommend.retrieval import NOTHING, Allowed, Proposal, Retriever
from mercato.recommend.sources import From

_LEAST_COSINE = 0.35
"""Below it two texts are not alike. Assumed."""


def content(start: From) -> Retriever:
    """The cosine with the weighted mean of the text vectors of ``start``."""

    def propose(asked: Asked, allowed: Allowed, most: int) -> Proposal:
        vectors, sources = asked.catalogue.vectors, start(asked)
        if vectors is None or len(sources.rows) == 0:
            return NOTHING
        mean = sources.weights @ vectors.of(sources.rows)
        if not mean.any():
            return NOTHING
        others = without(allowed, sources.rows, asked.catalogue, groups=False)
        rows, cosines = vectors.nearest(mean, most, _LEAST_COSINE, others)
        # The sum over the sources of weight times cosine: what each adds can be told apart.
        return Proposal(rows, cosines * np.linalg.norm(mean).astype(np.float32))

    def reasons(asked: Asked, rows: Rows) -> list[Reason]:
        sources = start(asked)
        vectors = asked.catalogue.vectors
        assert vectors is not None
        nearest = _nearest_source(vectors, rows, sources.rows, sources.weights)
        ids = asked.catalogue.ids(sources.rows[nearest])
        return [Reason(ReasonCode.SIMILAR_TO, item=item) for item in ids]

    return Retriever("content", propose, reasons)


def _nearest_source(
    vectors: VectorIndex,
    rows: Rows,
    sources: Rows,
    weights: np.ndarray[tuple[int], np.dtype[np.float32]],
) -> Rows:
    """(len(rows),) which source adds most to each row's cosine with the mean."""
    parts = (vectors.of(rows) @ vectors.of(sources).T) * weights
    return np.asarray(parts.argmax(axis=1), np.int64)
