"""Clicks of made-up shoppers come back as examples without the position's part."""

import numpy as np
import pyarrow as pa
import pytest

from mercato.models.clicks.simulated import Shoppers, simulated_clicks
from mercato.training.clicks import click_values, training_examples_from_clicks

N_QUERIES, N_ITEMS = 30, 10


@pytest.fixture(scope="module")
def sold(open_catalogue):
    return open_catalogue([{"id": f"p{n}", "title": f"Thing {n}"} for n in range(N_ITEMS)])


def asset(relevance: np.ndarray, sessions: int, bought: np.ndarray | None = None) -> pa.Table:
    """The asset ``search_clicks`` of shoppers who see the items in the order of their numbers."""
    random = np.random.default_rng(1)
    ranked = [np.arange(N_ITEMS)] * N_QUERIES
    log = simulated_clicks(
        ranked, list(relevance), Shoppers(sessions=sessions, depth=N_ITEMS), random
    )
    clicked = log.clicked.astype(int)
    item = log.item[log.pair]
    return pa.table(
        {
            "query": [f"query {n:02}" for n in log.query[log.pair]],
            "item_id": [f"p{n}" for n in item],
            "position": pa.array(log.position, pa.int32()),
            "shown": log.shown.astype(int),
            "clicked": clicked,
            "carted": np.zeros_like(clicked),
            "bought": clicked if bought is None else clicked * bought[item],
        }
    )


def test_gains_follow_relevance_not_the_place(sold) -> None:
    # The last items are the best ones, and stand where few look.
    relevance = np.tile(np.linspace(0.1, 0.8, N_ITEMS), (N_QUERIES, 1))
    found = training_examples_from_clicks(asset(relevance, 300), sold)
    assert found is not None
    assert found.queries == tuple(f"query {n:02}" for n in range(N_QUERIES))
    assert found.query.tolist() == np.repeat(np.arange(N_QUERIES), N_ITEMS).tolist()
    by_item = np.array([found.gain[found.row == n].mean() for n in range(N_ITEMS)])
    assert (np.diff(by_item) > 0).all()
    rates = found.log.by_pair(found.log.clicked) / found.log.by_pair(found.log.shown)
    assert rates[found.row == 0].mean() > rates[found.row == N_ITEMS - 1].mean()
    expected = [1 / place for place in range(1, N_ITEMS + 1)]
    np.testing.assert_allclose(found.propensities.examined, expected, rtol=0.25)
    assert found.weight[found.row == 0].min() > found.weight[found.row == N_ITEMS - 1].max()


def test_the_better_ranking_is_known_from_clicks_on_a_worse_one(sold) -> None:
    relevance = np.tile(np.linspace(0.1, 0.8, N_ITEMS), (N_QUERIES, 1))
    found = training_examples_from_clicks(asset(relevance, 300), sold)
    assert found is not None
    as_shown, turned = (click_values(found, sign * found.row) for sign in (-1.0, 1.0))
    assert len(as_shown) == N_QUERIES
    assert (turned > as_shown).mean() > 0.9
    # Of items with these chances, what the two orders reach of all clicks once all are looked at.
    chance = 0.1 + 0.9 * relevance[0]
    best = np.sort(chance)[::-1] @ (1 / np.log2(np.arange(2, N_ITEMS + 2))) / chance.sum()
    assert turned.mean() == pytest.approx(best, abs=0.03)


def test_what_is_bought_counts_more_than_what_is_only_looked_at(sold) -> None:
    relevance = np.random.default_rng(2).uniform(0.1, 0.9, (N_QUERIES, N_ITEMS))
    bought = (np.arange(N_ITEMS) % 2 == 1).astype(int)
    found = training_examples_from_clicks(asset(relevance, 300, bought), sold)
    assert found is not None
    odd = found.row % 2 == 1
    # Clicks that end in a purchase count three times those that do not.
    assert found.gain[odd].mean() > 2 * found.gain[~odd].mean()


def test_items_no_longer_sold_and_queries_without_a_click_are_left_out(sold) -> None:
    relevance = np.full((N_QUERIES, N_ITEMS), 0.5)
    rows = asset(relevance, 100).to_pylist()
    gone = [row | {"item_id": "gone"} for row in rows[:5]]
    silent = [row | {"query": "silent", "clicked": 0, "bought": 0} for row in rows[:5]]
    table = pa.Table.from_pylist(rows + gone + silent)
    found = training_examples_from_clicks(table, sold)
    assert found is not None
    assert "silent" not in found.queries
    assert set(found.row.tolist()) == set(range(N_ITEMS))


def test_few_clicks_teach_nothing(sold) -> None:
    assert training_examples_from_clicks(asset(np.full((N_QUERIES, N_ITEMS), 0.5), 2), sold) is None
