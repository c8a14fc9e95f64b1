"""What is to be learned behind each event, by brute force."""

from collections.abc import Callable

import numpy as np

from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.models.shopper_transformer.events import read_events
from mercato.models.shopper_transformer.targets import items_ahead, next_items


def test_the_next_item(log_of: Callable[..., Interactions]) -> None:
    log = read_events(
        log_of([(0, 1, 4), (0, 2, 5), (0, 3, 4), (1, 1, 6)], 7), kinds=False, gaps=False
    )
    assert next_items(log, again=True).tolist() == [5, 4, -1, -1]
    assert next_items(log, again=False).tolist() == [5, -1, -1, -1]


def test_items_ahead_are_of_later_moments_within_the_days(
    log_of: Callable[..., Interactions],
) -> None:
    random = np.random.default_rng(0)
    done = [(int(u), int(day), int(i)) for u, day, i in random.integers(0, [5, 30, 9], (300, 3))]
    log = read_events(log_of(done, 9), kinds=False, gaps=False)
    within = 4 * MICROSECONDS_PER_DAY
    for again in (True, False):
        seen: list[set[int]] = [set() for _ in log.item]
        for _ in range(200):
            for at, item in enumerate(items_ahead(log, within, random, again=again).tolist()):
                seen[at].add(item)
        for at, found in enumerate(seen):
            own = log.shopper == log.shopper[at]
            later = own & (log.ts > log.ts[at]) & (log.ts <= log.ts[at] + within)
            if not again:
                # Of the first time that each item was met.
                first = [
                    not (own & (np.arange(len(own)) < n) & (log.item == log.item[n])).any()
                    for n in range(len(own))
                ]
                later &= np.array(first)
            assert found == (set(log.item[later].tolist()) or {-1})
