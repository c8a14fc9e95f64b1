"""History sums events up by shopper and item; one shopper alone gives what all together give."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mercato.core.columns import Event
from mercato.core.history import (
    EVENT_CODES,
    MICROSECONDS_PER_DAY,
    Interactions,
    history,
    one_shopper,
)

PURCHASE = EVENT_CODES[Event.PURCHASE]
VIEW = EVENT_CODES[Event.VIEW_ITEM]
DAY = MICROSECONDS_PER_DAY

Row = tuple[int, int, int]  # shopper, day, item


def interactions(rows: list[Row], n_users: int, n_items: int) -> Interactions:
    rows = sorted(rows)
    users = np.array([row[0] for row in rows], np.int64)
    return Interactions(
        offsets=np.searchsorted(users, np.arange(n_users + 1)),
        item=np.array([row[2] for row in rows], np.int32),
        ts=np.array([row[1] * DAY for row in rows], np.int64),
        event=np.full(len(rows), PURCHASE, np.int8),
        quantity=np.ones(len(rows), np.float32),
        n_items=n_items,
    )


def test_by_hand() -> None:
    # Shopper 0 buys item 2 on days 0, 0 and 30 and item 1 on day 60; shopper 1 nothing.
    found = history(
        interactions([(0, 0, 2), (0, 0, 2), (0, 30, 2), (0, 60, 1)], n_users=2, n_items=3),
        now=60 * DAY,
        scale_days=30,
        power=1,
    )
    assert found.offsets.tolist() == [0, 2, 2]
    assert found.item.tolist() == [1, 2]
    assert found.lines.tolist() == [1, 3]
    assert found.occasions.tolist() == [1, 2]
    assert found.quantity.tolist() == [1, 3]
    assert (found.first_ts // DAY).tolist() == [60, 0]
    assert (found.last_ts // DAY).tolist() == [60, 30]
    # item 1: one event of age 0; item 2: two of age 60 and one of age 30, each 1 / (1 + age / 30)
    assert np.allclose(found.recency, [1, 1 / 3 + 1 / 3 + 1 / 2])


def test_events_of_different_weight() -> None:
    # Item 2 on days 0 and 30 with weights 1 and 0.5, at day 30: 1 / (1 + 30 / 30) + 0.5 / 1
    rows = [(0, 0, 2), (0, 30, 2)]
    found = history(
        interactions(rows, n_users=1, n_items=3),
        now=30 * DAY,
        scale_days=30,
        power=1,
        weights=np.array([1, 0.5]),
    )
    assert np.allclose(found.recency, [1 / 2 + 1 / 2])


def test_nothing_happened() -> None:
    found = history(Interactions.empty(n_items=5, n_users=3), now=0)
    assert found.n_users == 3
    assert found.offsets.tolist() == [0, 0, 0, 0]
    assert len(found.item) == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40), st.integers(0, 4)), max_size=30))
def test_one_shopper_alone_gives_the_same(rows: list[Row]) -> None:
    everyone = interactions(rows, n_users=4, n_items=5)
    together = history(everyone, now=41 * DAY)
    for user in range(4):
        alone = history(everyone.of(user), now=41 * DAY)
        part = slice(together.offsets[user], together.offsets[user + 1])
        for name in ("item", "lines", "occasions", "quantity", "first_ts", "last_ts", "recency"):
            assert getattr(alone, name).tolist() == getattr(together, name)[part].tolist()


@given(
    st.lists(st.tuples(st.just(0), st.integers(0, 40), st.integers(0, 4)), max_size=20),
    st.integers(0, 41),
)
def test_a_release_and_later_events_join_to_the_whole(rows: list[Row], split: int) -> None:
    earlier = interactions([row for row in rows if row[1] < split], n_users=1, n_items=5)
    later = interactions([row for row in rows if row[1] >= split], n_users=1, n_items=5)
    joined = history(one_shopper(earlier, later), now=41 * DAY)
    whole = history(interactions(rows, n_users=1, n_items=5), now=41 * DAY)
    assert joined.item.tolist() == whole.item.tolist()
    assert np.allclose(joined.recency, whole.recency)


def test_kinds_are_told_apart() -> None:
    both = interactions([(0, 1, 1), (0, 2, 2), (1, 1, 0)], n_users=2, n_items=3)
    both.event[1] = VIEW
    bought = both.of_kinds(Event.PURCHASE)
    assert bought.offsets.tolist() == [0, 1, 2]
    assert bought.item.tolist() == [1, 0]
