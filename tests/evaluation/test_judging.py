"""Answers become grades; what would make a metric lie is refused."""

import numpy as np
import pytest

from mercato.core.errors import BadInput
from mercato.evaluation.judging import NO_ITEM, Truth, as_answers, judge


def truth() -> Truth:
    return Truth.of_pairs(np.array([1, 0, 0]), np.array([7, 5, 2]), n=2)


def test_grades_stand_where_the_answer_put_the_items() -> None:
    judged = judge(np.array([[2, 9, 5], [9, 7, NO_ITEM]]), truth())
    assert judged.grades.tolist() == [[1, 0, 1], [0, 1, 0]]
    assert judged.ideal.tolist() == [[1, 1], [1, 0]]


def test_an_item_relevant_to_another_row_is_not_relevant() -> None:
    assert judge(np.array([[7], [5]]), truth()).grades.tolist() == [[0], [0]]


def test_an_empty_place_is_nothing() -> None:
    found = Truth.of_pairs(np.array([0, 1]), np.array([7, 5]), n=2)
    assert judge(np.array([[7], [NO_ITEM]]), found).grades.tolist() == [[1], [0]]


def test_skipped_items_make_room() -> None:
    counted = np.array([True, False, True, True])
    answers = as_answers([np.array([1, 0, 3, 2]), np.array([1])], 2, counted)
    assert answers.tolist() == [[0, 3], [NO_ITEM, NO_ITEM]]


def test_some_rows_of_a_truth() -> None:
    kept = truth().of(np.array([1, 0]))
    assert kept.offsets.tolist() == [0, 1, 3]
    assert kept.item.tolist() == [7, 2, 5]


def test_refuses_an_item_twice() -> None:
    with pytest.raises(BadInput, match="item 5 twice in row 0"):
        judge(np.array([[5, 5], [7, NO_ITEM]]), truth())


def test_refuses_answers_of_other_rows() -> None:
    with pytest.raises(BadInput, match="expected 2 answers; found 1"):
        judge(np.array([[5]]), truth())


def test_refuses_rows_without_anything_relevant() -> None:
    nothing = Truth.of_pairs(np.array([0]), np.array([5]), n=2)
    with pytest.raises(BadInput, match="nothing in row 1"):
        judge(np.array([[5], [5]]), nothing)
