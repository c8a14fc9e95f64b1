"""Leave one out by hand."""

import numpy as np
import pytest

from mercato.core.errors import BadInput
from mercato.core.history import Interactions
from mercato.evaluation.judging import judge
from mercato.evaluation.protocols.leave_one_out import (
    leave_one_out,
    sequence_metrics,
    with_least_events,
)
from mercato.evaluation.protocols.sequences import Sequences

SEQUENCES = Sequences.of_rows([np.array(row) for row in ([0, 1, 2, 3], [4, 2, 4], [3, 0, 1, 4, 2])])


def of(interactions: Interactions) -> list[list[int]]:
    return [interactions.of(row).item.tolist() for row in range(interactions.n_users)]


def test_the_last_is_the_test_and_the_one_before_it_the_validation() -> None:
    split = leave_one_out(SEQUENCES, 5, masked=True)
    assert of(split.test.shoppers()) == [[0, 1, 2], [4, 2], [3, 0, 1, 4]]
    assert split.test.truth.item.tolist() == [3, 4, 2]
    assert of(split.validation.shoppers()) == [[0, 1], [4], [3, 0, 1]]
    assert split.validation.truth.item.tolist() == [2, 2, 4]


def test_both_are_learned_without_either() -> None:
    split = leave_one_out(SEQUENCES, 5, masked=False)
    learned = split.test.learned
    assert of(learned) == of(split.validation.learned) == [[0, 1], [4], [3, 0, 1]]
    assert learned.ts.max() <= split.test.now


@pytest.mark.parametrize(("masked", "first"), [(True, [3, 0, 2]), (False, [0, 0, 0])])
def test_what_was_met_is_masked_or_not(masked: bool, first: list[int]) -> None:
    split = leave_one_out(SEQUENCES, 5, masked=masked)

    def lowest_first(asked: Interactions) -> np.ndarray:
        return np.tile(-np.arange(5, dtype=np.float32), (asked.n_users, 1))

    answers = split.test.answers(lowest_first, 5)
    assert answers[:, 0].tolist() == first
    part = split.test.first(2)
    assert part.answers(lowest_first, 5)[:, 0].tolist() == [first[0], first[2]]


def test_metrics() -> None:
    split = leave_one_out(SEQUENCES, 30, masked=True)
    scores = -np.arange(30, dtype=np.float32)
    answers = split.test.answers(lambda asked: np.tile(scores, (asked.n_users, 1)), 20)
    values = sequence_metrics(judge(answers, split.test.truth))
    # First; already met, so never; first again.
    assert values["hit@10"].tolist() == values["ndcg@10"].tolist() == [1, 0, 1]
    raised = scores.copy()
    raised[5:16] = 1
    answers = split.test.answers(lambda asked: np.tile(raised, (asked.n_users, 1)), 20)
    values = sequence_metrics(judge(answers, split.test.truth))
    assert values["hit@10"].tolist() == [0, 0, 0]
    # Eleven stand before it.
    assert values["ndcg@20"][0] == pytest.approx(1 / np.log2(12 + 1))


def test_rare_items_are_left_out_and_the_others_numbered_anew() -> None:
    left, n_items = with_least_events(SEQUENCES, 2)
    assert n_items == 5
    left, n_items = with_least_events(SEQUENCES, 3)
    # 2 and 4 are met three times.
    assert n_items == 2
    assert left.item.tolist() == [0, 1, 0, 1, 1, 0]
    assert left.lengths.tolist() == [1, 3, 2]


def test_refuses_shoppers_with_too_little() -> None:
    with pytest.raises(BadInput, match="three items or more"):
        leave_one_out(Sequences.of_rows([np.array([1, 2])]), 5, masked=True)
