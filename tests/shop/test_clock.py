"""A release's clock starts where its log ended."""

import numpy as np

from mercato.shop.clock import Clock

DAY = 86_400_000_000
ENDED = 1_000 * DAY
MADE = 4_000 * DAY


def test_it_starts_at_the_end_of_the_log_and_goes_on() -> None:
    clock = Clock(as_of=ENDED, made_at=MADE)
    assert clock.now(MADE) == ENDED
    assert clock.now(MADE + 2 * DAY) == ENDED + 2 * DAY


def test_live_events_move_with_it_and_late_ones_keep_their_time() -> None:
    clock = Clock(as_of=ENDED, made_at=MADE)
    live, late = MADE + DAY, ENDED - 7 * DAY
    assert clock.of(np.array([live, late])).tolist() == [ENDED + DAY, ENDED - 7 * DAY]


def test_in_a_shop_that_learns_every_day_it_is_the_calendar() -> None:
    clock = Clock(as_of=MADE, made_at=MADE)
    assert clock.now(MADE + 5) == MADE + 5
    assert clock.of(np.array([MADE + 5, MADE - 5])).tolist() == [MADE + 5, MADE - 5]
