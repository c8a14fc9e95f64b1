"""Pinned cards among others, against putting them into a list one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mercato.ranking.rules.effects import Pinned
from mercato.search.cards import choose


def by_hand(free: list[int], pins: list[tuple[int, int]]) -> list[int]:
    """pins : (position from 1, card) in their precedence"""
    shown, behind = list(free), 0
    for position, card in sorted(pins, key=lambda pin: pin[0]):
        place = max(position - 1, behind)
        shown.insert(place, card)  # behind the end where the list is shorter
        behind = place + 1
    return shown


@given(
    st.integers(0, 12),
    st.lists(st.tuples(st.integers(0, 11), st.integers(1, 15)), max_size=6),
    st.randoms(use_true_random=False),
)
def test_cards_stand_where_they_are_pinned(n, asked, random):
    order = list(range(n))
    random.shuffle(order)
    keys = (np.argsort(order),)  # row order[0] first
    first_of_each = {row: position for row, position in reversed(asked) if row < n}
    pins = [
        Pinned(row, position, "")
        for row, position in asked
        if first_of_each.get(row) == position or row >= n
    ]
    pins = list({pin.row: pin for pin in reversed(pins)}.values())[::-1]
    expected = by_hand(
        [row for row in order if row not in first_of_each],
        [(pin.position, pin.row) for pin in pins if pin.row < n],
    )
    cards = choose(np.arange(n), keys, None, pins)
    assert len(cards) == n
    for start in range(n + 1):
        for length in (1, 3, n):
            at = cards.between(keys, start, start + length)
            assert at.tolist() == expected[start : start + length]


def test_two_at_one_position_stand_behind_each_other_the_first_in_precedence_first():
    keys = (np.arange(6),)
    cards = choose(np.arange(6), keys, None, [Pinned(5, 2, "a"), Pinned(4, 2, "b")])
    assert cards.between(keys, 0, 6).tolist() == [0, 5, 4, 1, 2, 3]


def test_a_group_is_shown_once_as_its_pinned_row():
    group = np.array([0, 0, 2, 0, 4], np.int32)
    keys = (np.arange(5),)
    pins = [Pinned(3, 2, "a"), Pinned(1, 1, "b")]
    cards = choose(np.arange(5), keys, group, pins)
    assert cards.between(keys, 0, 9).tolist() == [2, 3, 4]
