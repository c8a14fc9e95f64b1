"""What judges or shoppers chose for a query counts for queries like it, too.

Nearest neighbours among past queries, by meaning: each lends its answers by how like it is. A query
that was asked before is most like itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.vectors import Vectors, inverse_lengths
from mercato.models.saving import Saved

LEAST_LIKE = 0.5
"""Cosine from which another query lends anything; what is above counts by its square. Assumed."""

MOST_LIKE = 20
"""Queries that lend, the most like. Assumed."""


@dataclass(frozen=True)
class Lent:
    """What past queries say of candidates, k each.

    gain    : sum of what the item was worth to them, by likeness
    asked   : sum of the likenesses of those that tell anything of it, good or bad
    nearest : likeness of the most like query, 0 to 1
    """

    gain: NDArray[np.float32]
    asked: NDArray[np.float32]
    nearest: float


@dataclass(frozen=True)
class KnownAnswers(Saved):
    """n queries and their m answers: query q owns offsets[q]:offsets[q + 1].

    vectors         : (n, d) int8
    inverse_lengths : (n,) float32
    offsets         : (n + 1,) int64
    rows            : (m,) int32, base rows
    gains           : (m,) float32, 0 for what is known to be no answer
    """

    vectors: NDArray[np.int8]
    inverse_lengths: NDArray[np.float32]
    offsets: NDArray[np.int64]
    rows: NDArray[np.int32]
    gains: NDArray[np.float32]

    @classmethod
    def of(
        cls,
        vectors: NDArray[np.int8],
        rows: Sequence[NDArray[np.integer]],
        gains: Sequence[NDArray[np.floating]],
    ) -> "KnownAnswers":
        """vectors : (n, d) of queries; rows and gains of the answers of each"""
        offsets = np.concatenate([[0], np.cumsum([len(each) for each in rows])]).astype(np.int64)
        return cls(
            vectors,
            inverse_lengths(vectors),
            offsets,
            np.concatenate([np.zeros(0, np.int32), *rows]).astype(np.int32),
            np.concatenate([np.zeros(0, np.float32), *gains]).astype(np.float32),
        )

    def lent(
        self,
        query: NDArray[np.int8],
        base_rows: NDArray[np.integer],
        left_out: int | None = None,
    ) -> Lent:
        """To candidates (k,), -1 for an item newer than the release.

        query    : (1, d)
        left_out : a query that lends nothing, as to itself while learning
        """
        length = np.float32(np.linalg.norm(query.astype(np.float32)) or 1.0)
        found = Vectors(self.vectors, self.inverse_lengths).products(query) / length
        if left_out is not None:
            found[left_out] = 0
        like = np.maximum(found - np.float32(LEAST_LIKE), 0)
        near = np.flatnonzero(like)
        if len(near) > MOST_LIKE:
            near = near[np.argpartition(-like[near], MOST_LIKE)[:MOST_LIKE]]
        weight = like[near] ** 2
        counts = self.offsets[near + 1] - self.offsets[near]
        ends = np.cumsum(counts)
        at = np.arange(int(counts.sum())) + np.repeat(self.offsets[near] - (ends - counts), counts)
        return Lent(
            _sums(self.rows[at], np.repeat(weight, counts) * self.gains[at], base_rows),
            _sums(self.rows[at], np.repeat(weight, counts), base_rows),
            float(like.max(initial=0)) / (1 - LEAST_LIKE),
        )


def _sums(
    rows: NDArray[np.int32], values: NDArray[np.float32], wanted: NDArray[np.integer]
) -> NDArray[np.float32]:
    """(k,) of the values that stand at each of the wanted rows."""
    if not len(rows):
        return np.zeros(len(wanted), np.float32)
    distinct, at = np.unique(rows, return_inverse=True)
    sums = np.bincount(at, values, len(distinct)).astype(np.float32)
    place = np.minimum(np.searchsorted(distinct, wanted), len(distinct) - 1)
    return np.where(distinct[place] == wanted, sums[place], np.float32(0))
