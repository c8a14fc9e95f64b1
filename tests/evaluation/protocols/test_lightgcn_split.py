"""LightGCN's protocol on three shoppers written down, and how a validation is cut from it."""

import math

import numpy as np
import pytest

from mercato.core.errors import BadInput
from mercato.core.history import EVENT_CODES
from mercato.evaluation.judging import NO_ITEM, Truth
from mercato.evaluation.protocols.lightgcn_split import LightGCNSplit


def of_sets(*rows: set[int]) -> Truth:
    pairs = [(row, item) for row, items in enumerate(rows) for item in items]
    row, item = np.array(pairs).reshape(-1, 2).T
    return Truth.of_pairs(row, item, len(rows))


@pytest.fixture(scope="module")
def split_of_three() -> LightGCNSplit:
    return LightGCNSplit(
        of_sets({0, 1, 2}, {3}, {4, 5}), of_sets(set(range(10, 35)), set(), {7}), 40
    )


def test_recall_is_over_all_that_was_held_out(split_of_three: LightGCNSplit) -> None:
    """As LightGCN's `RecallPrecision_ATk` and `NDCGatK_r`: sum of hits / len(test items)."""
    assert split_of_three.asked.tolist() == [0, 2]
    answers = np.full((2, 20), NO_ITEM)
    answers[0] = range(15, 35)
    answers[1, :3] = [8, 9, 7]
    found = split_of_three.metrics(answers)
    assert found["recall@20"] == pytest.approx([20 / 25, 1])
    assert found["ndcg@20"] == pytest.approx([1, 1 / math.log2(4)])


def test_what_is_learned_from_as_events(split_of_three: LightGCNSplit) -> None:
    log = split_of_three.interactions()
    assert [log.of(u).item.tolist() for u in range(3)] == [[0, 1, 2], [3], [4, 5]]
    assert set(log.event.tolist()) == {EVENT_CODES["purchase"]}
    assert log.n_items == 40


def test_validation_is_cut_from_what_is_learned_from() -> None:
    sizes = (1, 2, 10, 11, 30)
    rows = [set(range(100 * at, 100 * at + size)) for at, size in enumerate(sizes)]
    whole = LightGCNSplit(of_sets(*rows), of_sets(*({999} for _ in rows)), 1_000)
    cut = whole.validation(0.1, seed=3)
    learned, held = (np.split(t.item, t.offsets[1:-1]) for t in (cut.learned, cut.held))
    # A tenth, rounded up; never the only item.
    assert [len(each) for each in held] == [0, 1, 1, 2, 3]
    for row, kept, out in zip(rows, learned, held, strict=True):
        assert set(kept) | set(out) == row
        assert not set(kept) & set(out)
    assert cut.asked.tolist() == [1, 2, 3, 4]
    assert whole.validation(0.1, seed=3).held.item.tolist() == cut.held.item.tolist()
    assert whole.validation(0.1, seed=4).held.item.tolist() != cut.held.item.tolist()


def test_refuses_parts_of_other_shoppers() -> None:
    with pytest.raises(BadInput, match="what 2 shoppers are asked for; found 1"):
        LightGCNSplit(of_sets({1}, {2}), of_sets({3}), 5)
