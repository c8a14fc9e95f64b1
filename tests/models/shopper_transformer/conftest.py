"""Logs and small networks; what learns needs the extra ``train``."""

import importlib.util
from collections.abc import Callable

import numpy as np
import pytest

from mercato.core.columns import Event
from mercato.core.history import Interactions

if importlib.util.find_spec("torch") is None:
    collect_ignore = [
        "test_kills.py",
        "test_losses.py",
        "test_network.py",
        "test_next_item_blend.py",
        "test_next_item_ranker.py",
        "test_of_shop.py",
        "test_searches.py",
        "test_serving.py",
    ]


@pytest.fixture(scope="session")
def browsing(log_of: Callable[..., Interactions]) -> Interactions:
    """Thirty shoppers of twelve items: who views one of the first six buys what stands six behind
    it, seconds later; the next view comes after days."""
    random = np.random.default_rng(0)
    done = []
    for shopper in range(30):
        day = 0.0
        for _ in range(random.integers(2, 12)):
            day += random.uniform(1, 5)
            item = int(random.integers(6))
            done.append((shopper, day, item, Event.VIEW_ITEM))
            done.append((shopper, day + 0.0001, item + 6, Event.PURCHASE))
    return log_of(done, 12)
