"""What is read of a shopper's events."""

from collections.abc import Callable

import numpy as np
import pytest

from mercato.core.columns import Event
from mercato.core.history import EVENT_CODES, Interactions
from mercato.models.shopper_transformer.events import (
    N_DISTANCES,
    N_GAPS,
    distance_bucket,
    read_events,
    time_bucket,
    window_start,
)


def test_buckets_of_time_are_powers_of_two_of_a_second() -> None:
    """1 + log2(1 + seconds), rounded down: 0 s → 1, 1 s → 2, 3 s → 3, a day (86,400 s) → 17."""
    seconds = np.array([-5, 0, 0.5, 1, 2.9, 3, 86_400, 1e12])
    found = time_bucket((seconds * 1e6).astype(np.int64))
    assert found.tolist() == [1, 1, 1, 2, 2, 3, 17, N_GAPS - 1]


def test_near_distances_have_a_bucket_each() -> None:
    found = distance_bucket(np.arange(256), 256)
    assert found[:16].tolist() == list(range(16))
    assert (np.diff(found) >= 0).all()
    assert found[-1] == N_DISTANCES - 1
    # Sixteen more by the logarithm: half of the way from 16 to 256 is at 64.
    assert found[64] == 16 + 8


@pytest.mark.parametrize("longest", [2, 3, 16, 50])
def test_a_window_holds_the_newest_and_seldom_moves(longest: int) -> None:
    starts = [window_start(n, longest) for n in range(300)]
    sizes = [n - start for n, start in enumerate(starts)]
    assert max(sizes) == longest
    assert min(sizes[longest:]) >= longest - max(longest // 4, 1)
    assert starts[: longest + 1] == [0] * (longest + 1)
    moves = np.unique(np.diff(starts))
    assert moves.tolist() == [0, longest // 4] if longest // 4 > 1 else moves.max() == 1


def test_what_is_read(log_of: Callable[..., Interactions]) -> None:
    second = 1 / 86_400
    log = log_of(
        [
            (0, 1.0, 4, Event.VIEW_ITEM_LIST),
            (0, 1.0 + 3 * second, 5, Event.VIEW_ITEM),
            (0, 1.0 + 10 * second, 5, Event.REMOVE_FROM_CART),
            (1, 9.0, 6, Event.PURCHASE),
        ],
        8,
        n_users=3,
    )
    found = read_events(log, kinds=True, gaps=True)
    assert found.item.tolist() == [5, 5, 6]
    assert found.offsets.tolist() == [0, 2, 3, 3]
    kinds = [EVENT_CODES[each] for each in (Event.VIEW_ITEM, Event.REMOVE_FROM_CART)]
    assert found.kind.tolist() == [*kinds, EVENT_CODES[Event.PURCHASE]]
    assert found.wish.tolist() == [True, False, True]
    assert found.gap.tolist() == [0, 1 + 3, 0]  # 7 s: log2(8) is 3; others are a shopper's first
    alike = read_events(log, kinds=False, gaps=False)
    assert alike.item.tolist() == [5, 6]
    assert not alike.kind.any() and not alike.gap.any()


def test_what_was_done_at_once_has_no_order(log_of: Callable[..., Interactions]) -> None:
    log = log_of([(0, 1, item) for item in range(6)] + [(0, 2, 6), (1, 1, 7)], 8)
    read = read_events(log, kinds=True, gaps=True)
    assert read.tied
    orders = [read.shuffled(np.random.default_rng(seed)).item.tolist() for seed in range(20)]
    assert all(sorted(each[:6]) == list(range(6)) for each in orders)
    assert all(each[6:] == [6, 7] for each in orders)
    assert len({each[0] for each in orders}) > 3
    assert not read_events(log_of([(0, 1, 1), (1, 1, 2)], 3), kinds=True, gaps=True).tied
