"""Item kNN by hand and against the formula written out over all pairs."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mercato.core.columns import Event
from mercato.core.history import Interactions
from mercato.models.item_knn import FittedItemKnn, ItemKnn

BREAD, BUTTER, BEER = range(3)


def similarities(model: FittedItemKnn) -> dict[tuple[int, int], float]:
    source = np.repeat(np.arange(model.n_items), np.diff(model.offsets))
    return {
        (int(i), int(j)): float(w)
        for i, j, w in zip(source, model.target, model.weight, strict=True)
    }


def test_baskets(log_of: Callable[..., Interactions], fit_at: Callable[..., Any]) -> None:
    minute = 1 / 1440
    log = log_of(
        [
            # Bread and butter at once, and again with ten minutes in between.
            (0, 1, BREAD),
            (0, 1, BUTTER),
            (1, 1, BUTTER),
            (1, 1 + 10 * minute, BREAD),
            # Bread alone; beer forty minutes later is another session.
            (2, 1, BREAD),
            (2, 1 + 40 * minute, BEER),
            # Beer and bread once: not often enough.
            (3, 1, BEER),
            (3, 1, BREAD),
            (4, 1, BEER, Event.VIEW_ITEM_LIST),
            (4, 1, BUTTER, Event.VIEW_ITEM_LIST),
        ],
        n_items=3,
    )
    model = fit_at(ItemKnn(shrink=1.0), log, 2)
    # Bread is in 4 sessions, butter in 2, both in 2.
    expected = 2 / (math.sqrt(4 * 2) + 1)
    assert similarities(model) == {
        (BREAD, BUTTER): pytest.approx(expected, rel=1e-3),
        (BUTTER, BREAD): pytest.approx(expected, rel=1e-3),
    }


@pytest.mark.parametrize("over", ["session", "shopper"])
def test_against_all_pairs(
    log_of: Callable[..., Interactions],
    fit_at: Callable[..., Any],
    over: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mercato.models.co_occurrence._BLOCK", 7)
    random = np.random.default_rng(4)
    done = [
        (int(u), int(d), int(i))
        for u, d, i in zip(
            random.integers(0, 12, 900),
            random.integers(0, 9, 900),
            random.zipf(1.3, 900) % 20,
            strict=True,
        )
    ]
    model = fit_at(ItemKnn(over=over, neighbours=4, shrink=3.0), log_of(done, 20), 10)
    units: dict[Any, set[int]] = {}
    for user, day, item in done:
        units.setdefault((user, day) if over == "session" else user, set()).add(item)
    seen = [sum(item in unit for unit in units.values()) for item in range(20)]
    expected = {}
    for i in range(20):
        near = []
        for j in range(20):
            together = sum(i in unit and j in unit for unit in units.values())
            if i != j and together >= 2:
                near.append((-together / (math.sqrt(seen[i] * seen[j]) + 3), j))
        expected.update({(i, j): -s for s, j in sorted(near)[:4]})
    found = similarities(model)
    assert set(found) == set(expected)
    assert all(found[pair] == pytest.approx(expected[pair], rel=1e-3) for pair in expected)


def test_evidence_is_the_item_that_says_most(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    baskets = [(BREAD, BUTTER)] * 5 + [(BEER, BUTTER)] * 2 + [(BEER,)] * 9
    log = log_of([(u, 1, i) for u, basket in enumerate(baskets) for i in basket], n_items=3)
    model = fit_at(ItemKnn(shrink=0.0), log, 2)
    both = np.array([BEER, BREAD])
    assert model.evidence(both, np.array([1, 1]), np.array([BUTTER])).tolist() == [BREAD]
    assert model.evidence(both, np.array([9, 1]), np.array([BUTTER])).tolist() == [BEER]
    assert model.evidence(both[:1], np.array([1]), np.array([BREAD])).tolist() == [-1]
