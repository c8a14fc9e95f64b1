"""SR-GNN's protocol by hand."""

import numpy as np
import pytest

from mercato.core.errors import BadInput
from mercato.evaluation.judging import judge
from mercato.evaluation.protocols.sequences import Sequences
from mercato.evaluation.protocols.sessions import (
    all_prefixes,
    session_metrics,
    session_split,
    validation_split,
)


def sequences(*rows: list[int]) -> Sequences:
    return Sequences.of_rows([np.array(row) for row in rows])


def lists(found: Sequences) -> list[list[int]]:
    parts = zip(found.offsets[:-1], found.offsets[1:], strict=True)
    return [found.item[start:stop].tolist() for start, stop in parts]


LEARNED = sequences([0, 1], [2, 3, 4], [1], [4, 0, 2])


def test_the_last_item_is_the_answer() -> None:
    split = session_split(LEARNED, sequences([3, 1, 2], [4, 4]), 5)
    assert lists(split.asked) == [[3, 1], [4]]
    assert split.truth.item.tolist() == [2, 4]
    assert [split.learned.of(row).item.tolist() for row in range(4)] == lists(LEARNED)


def test_sessions_stand_in_the_order_of_the_file() -> None:
    split = session_split(LEARNED, sequences([3, 1]), 5)
    begins = split.learned.ts[split.learned.offsets[:-1]]
    assert np.diff(begins).tolist() == [60_000_000] * 3
    assert split.now > split.learned.ts.max()
    assert split.shoppers().ts.max() == split.now
    begin = np.array([5, 6, 7, 7])
    assert session_split(LEARNED, sequences([3, 1]), 5, begin).learned.ts[0] == 5


def test_all_prefixes() -> None:
    found = all_prefixes(sequences([1, 2, 3], [4], [5, 6]))
    assert lists(found) == [[1, 2], [1, 2, 3], [5, 6]]


def test_validation_is_cut_from_the_newest_and_not_learned_from() -> None:
    split = validation_split(LEARNED, 5, newest=2)
    assert lists(split.asked) == [[4], [4, 0]]
    assert split.truth.item.tolist() == [0, 2]
    assert split.learned.n_users == 2
    assert split.learned.item.tolist() == [0, 1, 2, 3, 4]


def test_only_some_are_asked_spread_evenly() -> None:
    split = session_split(LEARNED, sequences(*([row, row + 1] for row in range(4))), 5)
    part = split.first(2)
    assert lists(part.asked) == [[0], [3]]
    assert part.truth.item.tolist() == [1, 4]
    assert split.first(None) is split.first(9) is split


def test_answers_and_metrics() -> None:
    split = session_split(LEARNED, sequences([3, 1], [0, 4], [0, 3]), 30)
    scores = np.zeros((3, 30), np.float32)
    scores[0, [3, 1]] = 2, 1  # the answer is second, what was seen is proposed
    scores[1, 4] = -np.inf  # never
    scores[2, 5:] = 1  # 25 stand before it
    values = session_metrics(judge(split.answers(lambda asked: scores, 20), split.truth))
    assert values["hit@20"].tolist() == [1, 0, 0]
    assert values["mrr@20"].tolist() == [1 / 2, 0, 0]


def test_refuses_tests_without_an_answer() -> None:
    with pytest.raises(BadInput, match="two items or more"):
        session_split(LEARNED, sequences([3, 1], [4]), 5)
