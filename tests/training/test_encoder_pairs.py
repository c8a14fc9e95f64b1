"""What an encoder is tuned on, and what decides whether it is kept; torch is not needed here."""

import numpy as np
import pyarrow as pa
import pytest

from mercato.training.encoder.outcome import better, weighted_ndcg
from mercato.training.encoder.pairs import (
    deciding_queries,
    pairs_of,
    split_queries,
    stopping_queries,
)
from mercato.training.encoder.pairs_from import pairs_from_judgments


def test_pairs_are_ordered_added_up_and_never_empty() -> None:
    found = pairs_of(
        ["b", "a", "b", "b", " "], np.array([4, 1, 2, 4, 9]), np.array([1, 0, 2, 3, 1.0]), "x"
    )
    assert found.queries == ("b",)
    assert (found.row.tolist(), found.weight.tolist()) == ([2, 4], [2, 4])
    two = pairs_of(["a", "b", "b"], np.array([1, 2, 3]), np.ones(3), "x")
    turned = two.some(np.array([1, 0]))
    assert turned.queries == ("b", "a")
    assert [turned.row[turned.of(n)].tolist() for n in (0, 1)] == [[2, 3], [1]]


def test_queries_fall_on_a_side_by_themselves() -> None:
    queries = [f"query {n}" for n in range(2_000)]
    split = split_queries(queries)
    assert 0.45 < len(split.validation) / 2_000 < 0.55
    assert sorted([*split.train, *split.validation]) == list(range(2_000))
    fewer = split_queries(queries[500:])
    kept = {queries[n] for n in split.validation if n >= 500}
    assert {queries[500 + n] for n in fewer.validation} == kept
    again = split_queries([query.upper().replace(" ", "  ") for query in queries])
    assert again.validation.tolist() == split.validation.tolist()
    parts = [*stopping_queries(split), *deciding_queries(split)]
    assert parts == split.validation.tolist()
    assert len(stopping_queries(split)) == 80


def test_grades_weigh_exponentially_from_the_lowest(open_catalogue) -> None:
    catalogue = open_catalogue([{"id": f"p{n}", "title": f"Thing {n}"} for n in range(4)])
    judged = pa.table(
        {
            "query": ["q", "q", "q", "q"],
            "item_id": ["p0", "p1", "p2", "gone"],
            "grade": [3.0, 2.0, 1.0, 3.0],
        }
    )
    found = pairs_from_judgments(judged, catalogue)
    # (2**2 - 1) / 3 and (2**1 - 1) / 3; the lowest grade is no answer.
    assert found.row.tolist() == [0, 1]
    assert found.weight.tolist() == pytest.approx([1, 1 / 3])


def test_what_wins_by_chance_is_not_kept() -> None:
    random = np.random.default_rng(0)
    before = random.random(200)
    assert better(before + random.normal(0.03, 0.1, 200), before)
    assert not better(before, before)
    noise = random.normal(0, 0.1, 200)
    assert not better(before + noise - noise.mean() + 0.001, before)


def test_ndcg_with_weights_as_gains_by_hand() -> None:
    pairs = pairs_of(["q", "q"], np.array([3, 5]), np.array([1.0, 0.5]), "x")
    [value] = weighted_ndcg([np.array([5, 9, 3])], pairs)
    ideal = 1 + 0.5 / np.log2(3)
    assert value == pytest.approx((0.5 + 1 / np.log2(4)) / ideal)
