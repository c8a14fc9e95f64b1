"""Metrics against ir-measures (pytrec_eval) on rankings drawn at random."""

from typing import Any

import ir_measures
import numpy as np
import pytest
from ir_measures import RR, P, R, nDCG

from mercato.evaluation.judging import NO_ITEM, Judged, Truth, judge
from mercato.evaluation.metrics import ndcg, precision, recall_of_all, reciprocal_rank

N, ITEMS, LONG = 60, 50, 25


@pytest.fixture(scope="module")
def drawn() -> tuple[Judged, dict[str, dict[str, int]], dict[str, dict[str, float]]]:
    """Answers of up to 25 items, and 1 to 40 relevant ones: as ours, as qrels and as a run."""
    random = np.random.default_rng(0)
    answers = np.full((N, LONG), NO_ITEM, np.int64)
    qrels: dict[str, dict[str, int]] = {}
    run: dict[str, dict[str, float]] = {}
    for row in range(N):
        length = int(random.integers(1, LONG + 1))
        answers[row, :length] = random.permutation(ITEMS)[:length]
        relevant = random.permutation(ITEMS)[: int(random.integers(1, 41))]
        qrels[str(row)] = {str(item): 1 for item in relevant}
        run[str(row)] = {str(item): float(-at) for at, item in enumerate(answers[row, :length])}
    pairs = [(int(row), int(item)) for row, items in qrels.items() for item in items]
    rows, items = np.array(pairs).T
    return judge(answers, Truth.of_pairs(rows, items, N)), qrels, run


@pytest.mark.parametrize(
    ("ours", "theirs"), [(recall_of_all, R), (precision, P), (ndcg, nDCG), (reciprocal_rank, RR)]
)
@pytest.mark.parametrize("k", [1, 5, 20])
def test_as_ir_measures_has_it(drawn: Any, ours: Any, theirs: Any, k: int) -> None:
    judged, qrels, run = drawn
    found = {each.query_id: each.value for each in ir_measures.iter_calc([theirs @ k], qrels, run)}
    assert ours(judged, k) == pytest.approx([found[str(row)] for row in range(N)], abs=1e-9)
