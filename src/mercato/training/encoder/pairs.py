"""What an encoder is tuned on: queries, the texts that answer them, and texts that do not."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

VALIDATION_SHARE = 0.5
"""Of the queries: they stop the training, decide whether the encoder is kept, and a ranker learns
from them. A ranker that learned from the encoder's own queries would trust cosines that are
better there than anywhere else (stacking, Wolpert 1992,
https://doi.org/10.1016/S0893-6080(05)80023-1). Assumed."""

STOPPING_QUERIES = 80
"""Validation queries that are asked again and again while training; the others decide."""


@dataclass(frozen=True)
class Pairs:
    """Positive pairs, ordered by query; a query's pairs are ``offsets[q]:offsets[q + 1]``.

    queries : n_queries different ones
    offsets : (n_queries + 1,) int64
    row     : (n_pairs,) int64, base row of the catalogue that answers the query
    weight  : (n_pairs,) float32, above 0: how much a pair counts
    source  : where they come from, as ``judgments``
    """

    queries: tuple[str, ...]
    offsets: NDArray[np.int64]
    row: NDArray[np.int64]
    weight: NDArray[np.float32]
    source: str

    def __len__(self) -> int:
        return len(self.row)

    def of(self, query: int) -> slice:
        return slice(int(self.offsets[query]), int(self.offsets[query + 1]))

    def some(self, numbers: NDArray[np.integer]) -> "Pairs":
        """The pairs of some queries, in the order given."""
        parts = [np.arange(self.offsets[n], self.offsets[n + 1]) for n in numbers.tolist()]
        at = np.concatenate([np.zeros(0, np.int64), *parts])
        return Pairs(
            tuple(self.queries[number] for number in numbers.tolist()),
            np.concatenate(([0], np.cumsum([len(part) for part in parts], dtype=np.int64))),
            self.row[at],
            self.weight[at],
            self.source,
        )


def pairs_of(
    queries: Sequence[str],
    rows: NDArray[np.integer],
    weights: NDArray[np.floating],
    source: str,
) -> Pairs:
    """From one query a pair, in any order; what weighs nothing is left out, what comes twice is
    added up."""
    added: dict[tuple[str, int], float] = {}
    for query, row, weight in zip(queries, rows.tolist(), weights.tolist(), strict=True):
        if weight > 0 and query.strip():
            added[query, row] = added.get((query, row), 0.0) + weight
    ordered = sorted(added)
    distinct = tuple(dict.fromkeys(query for query, _ in ordered))
    number = {query: at for at, query in enumerate(distinct)}
    query_of = np.array([number[query] for query, _ in ordered], np.int64)
    return Pairs(
        distinct,
        np.searchsorted(query_of, np.arange(len(distinct) + 1)),
        np.array([row for _, row in ordered], np.int64),
        np.array([added[pair] for pair in ordered], np.float32),
        source,
    )


@dataclass(frozen=True)
class Split:
    """Numbers of queries: learned from, and held out."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]


def split_queries(queries: Sequence[str], share: float = VALIDATION_SHARE) -> Split:
    """Each query falls on one side by its own checksum, so it stays there in every build."""
    place = np.array([_place(query) for query in queries])
    held_out = place < share
    return Split(np.flatnonzero(~held_out), np.flatnonzero(held_out))


def stopping_queries(split: Split) -> NDArray[np.int64]:
    """Validation queries that stop the training; at most half of them."""
    return split.validation[: min(STOPPING_QUERIES, len(split.validation) // 2)]


def deciding_queries(split: Split) -> NDArray[np.int64]:
    """The other validation queries."""
    return split.validation[len(stopping_queries(split)) :]


def _place(query: str) -> float:
    """From 0 to below 1; spelling variants that differ in case or spaces fall together."""
    plain = " ".join(query.casefold().split())
    digest = hashlib.blake2b(plain.encode(), digest_size=8, person=b"mercato-split")
    return int.from_bytes(digest.digest(), "big") / 2**64
