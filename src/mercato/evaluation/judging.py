"""Answers held against what was relevant: the arrays that metrics are computed from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import BadInput

NO_ITEM = -1
"""In answers: the place is empty."""


@dataclass(frozen=True)
class Truth:
    """What was relevant to each shopper or query: row r owns offsets[r]:offsets[r + 1].

    offsets : (n + 1,) int64
    item    : (n_relevant,) int64, each once a row
    grade   : (n_relevant,) float32, 1 where relevance is yes or no
    """

    offsets: NDArray[np.int64]
    item: NDArray[np.int64]
    grade: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def of_pairs(
        cls,
        row: NDArray[np.integer],
        item: NDArray[np.integer],
        n: int,
        grade: NDArray[np.floating] | None = None,
    ) -> "Truth":
        """From (row, item) pairs in any order; ``grade`` 1 where none is given."""
        order = np.lexsort((item, row))
        grades = np.ones(len(item)) if grade is None else grade
        return cls(
            np.searchsorted(row[order], np.arange(n + 1)),
            item[order].astype(np.int64),
            grades[order].astype(np.float32),
        )

    def of(self, rows: NDArray[np.integer]) -> "Truth":
        """Some rows, in the order given."""
        counts = (self.offsets[1:] - self.offsets[:-1])[rows]
        offsets = np.concatenate(([0], np.cumsum(counts)))
        at = np.repeat(self.offsets[rows] - offsets[:-1], counts) + np.arange(offsets[-1])
        return Truth(offsets, self.item[at], self.grade[at])


@dataclass(frozen=True)
class Judged:
    """Answers with the grade of each item.

    grades : (n, k) float32, as answered; 0 where the item is not relevant or the place empty
    ideal  : (n, m) float32, the grades of all that was relevant, falling; padded with 0
    """

    grades: NDArray[np.float32]
    ideal: NDArray[np.float32]


def as_answers(
    ranked: Sequence[NDArray[np.integer]], k: int, counted: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """(n, k) the first k items of each answer, padded with NO_ITEM.

    counted : (n_items,) items that are counted; others are skipped, and the next moves up
    """
    answers = np.full((len(ranked), k), NO_ITEM, np.int64)
    for row, items in enumerate(ranked):
        kept = items if counted is None else items[counted[items]]
        answers[row, : len(kept[:k])] = kept[:k]
    return answers


def judge(answers: NDArray[np.int64], truth: Truth) -> Judged:
    """Look up the grade of each answered item (n, k).

    Raises BadInput where truth is of other rows, a row has nothing relevant, or an answer names an
    item twice: the metrics would then mean nothing.
    """
    if len(answers) != len(truth):
        raise BadInput(f"{len(truth)} answers", f"{len(answers)}", "Judge each row's answer.")
    counts = np.diff(truth.offsets)
    if (counts == 0).any():
        raise BadInput(
            "something relevant in each row",
            f"nothing in row {int(np.argmin(counts))}",
            "Leave such rows out.",
        )
    _refuse_repeated(answers)
    # One number for each (row, item), so that one search finds them all.
    span = int(max(answers.max(initial=0), truth.item.max(initial=0))) + 1
    rows = np.arange(len(answers))
    keys = np.repeat(rows, counts) * span + truth.item
    order = np.argsort(keys)
    asked = rows[:, None] * span + answers
    at = order[np.minimum(np.searchsorted(keys, asked, sorter=order), len(keys) - 1)]
    found = (keys[at] == asked) & (answers != NO_ITEM)
    return Judged(np.where(found, truth.grade[at], np.float32(0)), _ideal(truth))


def _refuse_repeated(answers: NDArray[np.int64]) -> None:
    ordered = np.sort(answers, axis=1)
    repeated = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != NO_ITEM)
    if repeated.any():
        row, at = np.argwhere(repeated)[0]
        raise BadInput(
            "each item once in an answer",
            f"item {ordered[row, at]} twice in row {row}",
            "Rank each item once.",
        )


def _ideal(truth: Truth) -> NDArray[np.float32]:
    counts = np.diff(truth.offsets)
    row = np.repeat(np.arange(len(truth)), counts)
    order = np.lexsort((-truth.grade, row))
    ideal = np.zeros((len(truth), int(counts.max(initial=0))), np.float32)
    ideal[row, np.arange(len(row)) - truth.offsets[row]] = truth.grade[order]
    return ideal
