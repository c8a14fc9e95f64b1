"""The blend against its two halves, asked apart."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mercato.core.history import Interactions
from mercato.models.graph_blend import GraphBlend
from mercato.models.graph_filter.filter import GraphFilter
from mercato.models.ials import Ials
from mercato.models.preference import Forgetting, preferences


def test_is_both_over_their_standard_deviations(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    random = np.random.default_rng(8)
    done = zip(random.integers(0, 30, 300), random.zipf(1.3, 300) % 20, strict=True)
    log = log_of([(int(u), 1, int(i)) for u, i in done], 21)
    graph, factors = GraphFilter(factors=4), Ials(factors=5)
    blend = fit_at(GraphBlend(0.7, graph, factors), log, 3)
    halves = [fit_at(half, log, 3).score(log) for half in (graph, factors)]
    met = np.isin(np.arange(21), log.item)
    assert [np.isfinite(half).all(axis=0).tolist() for half in halves] == [met.tolist()] * 2
    first, second = (half[:, met] / half[:, met].std(axis=1, keepdims=True) for half in halves)
    np.testing.assert_allclose(blend.score(log)[:, met], first + 0.7 * second, atol=1e-4)
    found = blend.many(preferences(log, blend.as_of, Forgetting()))
    np.testing.assert_allclose(found[:, met], first + 0.7 * second, atol=1e-4)
    assert (found[:, ~met] == 0).all()
