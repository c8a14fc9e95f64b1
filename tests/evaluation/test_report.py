"""Results under the names that are published."""

import numpy as np
import pytest

from mercato.evaluation.judging import Truth, judge
from mercato.evaluation.report import Report, estimates, search_metrics, shelf_metrics


def test_names_and_values() -> None:
    truth = Truth.of_pairs(np.array([0, 1]), np.array([4, 5]), n=2)
    judged = judge(np.array([[4], [4]]), truth)
    found = estimates(shelf_metrics("home", judged))
    assert {name: each.value for name, each in found.items()} == {
        "home/recall@20": pytest.approx(1 / 2),
        "home/ndcg@20": pytest.approx(1 / 2),
    }
    report = Report(found, {"popularity": found}, {"home": 2}, "by hand").to_json()
    assert set(report) == {"metrics", "baselines", "n", "protocol"}
    assert set(report["metrics"]["home/ndcg@20"]) == {"value", "low", "high"}
    assert report["baselines"]["popularity"]["home/recall@20"]["value"] == 1 / 2


def test_search_is_graded() -> None:
    graded = Truth.of_pairs(np.array([0, 0]), np.array([1, 2]), 1, np.array([3, 1]))
    found = search_metrics(judge(np.array([[2]]), graded), "exp")
    # The answer is worth 2**1 - 1 = 1; the best one 7 / log2(2) + 1 / log2(3).
    assert found["search/ndcg@10"] == pytest.approx([1 / (7 + 1 / np.log2(3))])
    assert found["search/recall@10"] == pytest.approx([1 / 2])
