"""Batches of queries with an answer each and texts that only look like answers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.training.encoder.pairs import Pairs


@dataclass(frozen=True)
class Hard:
    """Texts that the first stage ranks high for a query and nobody called an answer.

    row : (n_queries, m) int64, -1 where there are fewer
    """

    row: NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """
    query  : (b,) numbers of queries
    row    : (k,) different catalogue rows, k ≥ b: answers and hard negatives of all queries
    answer : (b,) position in ``row`` of each query's answer
    known  : (b, k) bool, other answers of the query, which are no negatives of it
    weight : (b,) float32
    """

    query: NDArray[np.int64]
    row: NDArray[np.int64]
    answer: NDArray[np.int64]
    known: NDArray[np.bool_]
    weight: NDArray[np.float32]


def batches(
    pairs: Pairs, hard: Hard, size: int, n_hard: int, random: np.random.Generator
) -> Iterator[Batch]:
    """One pass over all queries; of each, one answer drawn by weight and ``n_hard`` negatives."""
    order = random.permutation(len(pairs.queries))
    for start in range(0, len(order), size):
        yield _batch(pairs, hard, order[start : start + size], n_hard, random)


def _batch(
    pairs: Pairs, hard: Hard, query: NDArray[np.int64], n_hard: int, random: np.random.Generator
) -> Batch:
    answers, weights, negatives = [], [], []
    for number in query.tolist():
        own = pairs.of(number)
        weight = pairs.weight[own]
        drawn = random.choice(len(weight), p=weight / weight.sum())
        answers.append(pairs.row[own][drawn])
        weights.append(weight[drawn])
        at_hand = hard.row[number][hard.row[number] >= 0]
        negatives += random.choice(at_hand, min(n_hard, len(at_hand)), replace=False).tolist()
    row, position = np.unique(np.array(answers + negatives, np.int64), return_inverse=True)
    answer = position[: len(query)]
    known = np.stack([np.isin(row, pairs.row[pairs.of(number)]) for number in query.tolist()])
    known[np.arange(len(query)), answer] = False
    return Batch(query, row, answer, known, np.array(weights, np.float32))
