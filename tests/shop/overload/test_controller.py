"""The level rises at once with a load that stands, and falls one step at a time once it is low."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercato.shop.overload.controller import CALM_SECONDS, Controller, Load, Thresholds
from mercato.shop.overload.levels import Level

THRESHOLDS = Thresholds(in_flight=8, lag_seconds=0.1)
NOTHING = Load(0, 0.0)


def levels(loads: list[Load], seconds: float = 0.1) -> list[int]:
    """The level after each load, which are ``seconds`` apart."""
    controller, found = Controller(THRESHOLDS), []
    for at, load in enumerate(loads):
        controller = controller.after(load, at * seconds)
        found.append(int(controller.level))
    return found


@pytest.mark.parametrize(
    ("in_flight", "level"), [(0, 0), (7, 0), (8, 1), (15, 1), (16, 2), (23, 2), (24, 3), (999, 3)]
)
def test_each_level_has_its_load(in_flight: int, level: int) -> None:
    assert levels([Load(in_flight, 0.0)]) == [level]


def test_a_late_event_loop_counts_as_requests_do() -> None:
    assert levels([Load(0, 0.05), Load(0, 0.1), Load(0, 0.25), Load(0, 9.0)]) == [0, 1, 2, 3]


def test_it_falls_one_step_each_calm_second() -> None:
    # 3 at the start; calm from 0.1 s on, so the steps are a second, two and three after that.
    found = levels([Load(24, 0.0), *[NOTHING] * 40])
    assert found == [3] * 11 + [2] * 10 + [1] * 10 + [0] * 10


def test_what_is_nearly_the_load_of_a_level_keeps_it() -> None:
    # Level 2 begins at 16; it is kept down to half of that, 8.
    assert levels([Load(16, 0.0), *[Load(8, 0.0)] * 100])[-1] == 2
    assert levels([Load(16, 0.0), *[Load(7, 0.0)] * 100])[-1] == 1


def test_calm_that_is_broken_begins_anew() -> None:
    nearly = round(CALM_SECONDS / 0.1) - 1
    once = [NOTHING] * nearly + [Load(8, 0.0)]
    assert levels([Load(8, 0.0), *once * 5])[-1] == 1


@given(st.lists(st.tuples(st.integers(0, 100), st.floats(0, 2)), max_size=60))
def test_the_level_is_never_below_what_the_load_asks_for(loads: list[tuple[int, float]]) -> None:
    controller = Controller(THRESHOLDS)
    for at, (in_flight, lag) in enumerate(loads):
        before = controller.level
        controller = controller.after(Load(in_flight, lag), at * 0.1)
        asked = min(int(max(in_flight / 8, lag / 0.1)), 3)
        assert controller.level >= asked
        assert controller.level >= before - 1
        assert Level.WHOLE <= controller.level <= Level.KEPT
