"""A ranker learned from clicks: shoppers like what is dear, though it was shown last."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from mercato.catalogue.catalogue import Catalogue
from mercato.core.progress import Silent
from mercato.models.clicks.simulated import Shoppers, simulated_clicks
from mercato.models.listwise import WeightedSum
from mercato.ranking.defaults import default_sum
from mercato.ranking.features import NAMES
from mercato.search.request import SearchContext
from mercato.training.clicks import ClickExamples, training_examples_from_clicks
from mercato.training.encoder.pairs import split_queries
from mercato.training.search_ranker.choosing import choose, n_fits
from mercato.training.search_ranker.examples import (
    Examples,
    gather_examples,
    graded_by_clicks,
)
from mercato.training.search_ranker.known import Known, told_by

N_QUERIES, N_ITEMS = 30, 10
WORDS = [f"kind{chr(97 + n // 10)}{chr(97 + n % 10)}" for n in range(N_QUERIES)]
"""In the order of the alphabet, as the examples are; no codes, which no ranker is asked for."""


@pytest.fixture(scope="module")
def sold(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    title = " ".join(WORDS)
    items = [{"id": f"p{n}", "title": title, "price": 1.0 + n} for n in range(N_ITEMS)]
    return open_catalogue([*items, {"id": "unseen", "title": title, "price": 99.0}])


@pytest.fixture(scope="module")
def clicked(sold: Catalogue) -> pa.Table:
    """The asset ``search_clicks``."""
    random = np.random.default_rng(1)
    relevance = np.tile(np.linspace(0.1, 0.8, N_ITEMS), (N_QUERIES, 1))
    ranked = [np.arange(N_ITEMS)] * N_QUERIES
    log = simulated_clicks(ranked, list(relevance), Shoppers(sessions=300, depth=N_ITEMS), random)
    clicked = log.clicked.astype(int)
    return pa.table(
        {
            "query": [WORDS[n] for n in log.query[log.pair]],
            "item_id": [f"p{n}" for n in log.item[log.pair]],
            "position": pa.array(log.position, pa.int32()),
            "shown": log.shown.astype(int),
            "clicked": clicked,
            "carted": np.zeros_like(clicked),
            "bought": np.zeros_like(clicked),
        }
    )


@pytest.fixture(scope="module")
def clicks(clicked: pa.Table, sold: Catalogue) -> ClickExamples:
    found = training_examples_from_clicks(clicked, sold)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def examples(clicks: ClickExamples, sold: Catalogue) -> Examples:
    graded = graded_by_clicks(clicks)
    with Silent().step("asking") as step:
        return gather_examples(graded, SearchContext(sold), step)


def test_only_what_was_shown_is_an_example(examples: Examples, sold: Catalogue) -> None:
    assert len(examples) == N_QUERIES
    unseen = sold.row("unseen")
    assert all(unseen not in question.base_rows for question in examples.questions)
    assert examples.data.weight is not None
    assert examples.data.group.tolist() == [N_ITEMS] * N_QUERIES


def test_gains_are_those_of_the_clicks(examples: Examples, clicks: ClickExamples) -> None:
    assert examples.data.gain.tolist() == pytest.approx(clicks.gain.tolist())
    assert examples.data.weight is not None
    assert examples.data.weight.tolist() == pytest.approx(clicks.weight.tolist())


def judged(n_queries: int) -> pa.Table:
    """The first product of each query is right, the second wrong."""
    queries = [word for word in WORDS[:n_queries] for _ in range(2)]
    return pa.table(
        {"query": queries, "item_id": ["p0", "p1"] * n_queries, "grade": [3.0, 1.0] * n_queries}
    )


def test_judgments_come_before_clicks(clicked: pa.Table, sold: Catalogue) -> None:
    told = told_by(Known(judged(20), clicked, {}, 0), sold)
    assert (told.source, len(told.graded), told.position) == ("judgments", 20, ())


def test_clicks_stand_in_for_few_judgments(clicked: pa.Table, sold: Catalogue) -> None:
    told = told_by(Known(judged(19), clicked, {}, 0), sold)
    assert (told.source, len(told.graded)) == ("clicks", N_QUERIES)
    # The simulated shoppers look at place n with the chance 1 / n.
    assert told.position[:4] == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4], abs=0.1)


def test_a_tuned_encoders_own_queries_are_left_out(clicked: pa.Table, sold: Catalogue) -> None:
    known = Known(judged(N_QUERIES), clicked, {}, 0)
    held_out = split_queries(WORDS).validation
    assert 0 < len(held_out) < N_QUERIES
    told = told_by(known, sold, unseen_alone=True)
    assert list(told.graded) == [WORDS[at] for at in held_out]


def test_the_ranker_prefers_what_was_clicked_for_itself(examples: Examples) -> None:
    with Silent().step("fitting", n_fits(examples)) as step:
        fitted, comparison = choose(examples, default_sum(), "clicks", step)
    assert comparison.chosen == "weighted sum"
    assert fitted.sum.weights[NAMES.index("offer: price rank")] > 0
    assert comparison.difference["weighted sum"]["low"] > 0


def test_a_default_that_is_right_already_stays(examples: Examples) -> None:
    weights = np.zeros(len(NAMES), np.float32)
    weights[NAMES.index("offer: price rank")] = 10
    right = WeightedSum(weights, np.zeros_like(weights))
    with Silent().step("fitting", n_fits(examples)) as step:
        fitted, comparison = choose(examples, right, "clicks", step)
    assert comparison.chosen == "default"
    assert fitted.sum is right
