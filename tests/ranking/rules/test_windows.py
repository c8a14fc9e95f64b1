"""Windows of time, against the calendar."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercato.core.errors import BadInput
from mercato.ranking.rules.fields import Fields
from mercato.ranking.rules.windows import FIELDS, WEEKDAYS, Window

BERLIN = ZoneInfo("Europe/Berlin")


def window(**found: object) -> Window:
    return Window.read(Fields.of(found, "conditions", FIELDS))


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000_000)


def test_the_end_is_no_longer_within() -> None:
    sale = window(starts_at="2026-12-01T00:00Z", ends_at="2026-12-24T00:00+01:00")
    assert not sale.holds(at("2026-11-30T23:59:59.999999Z"), BERLIN)
    assert sale.holds(at("2026-12-01T00:00Z"), BERLIN)
    assert sale.holds(at("2026-12-23T22:59:59Z"), BERLIN)
    assert not sale.holds(at("2026-12-23T23:00:00Z"), BERLIN)
    assert sale.is_over(at("2026-12-23T23:00:00Z"))
    assert sale.to_json() == {
        "starts_at": "2026-12-01T00:00:00Z",
        "ends_at": "2026-12-23T23:00:00Z",
    }


def test_hours_are_those_of_the_shop() -> None:
    lunch = window(hours={"from": "11:30", "to": "14:00"})
    assert lunch.holds(at("2026-07-01T09:30Z"), BERLIN)  # 11:30 in summer
    assert not lunch.holds(at("2026-07-01T09:29Z"), BERLIN)
    assert lunch.holds(at("2026-01-02T12:59Z"), BERLIN)  # 13:59 in winter
    assert not lunch.holds(at("2026-01-02T13:00Z"), BERLIN)


def test_a_night_belongs_to_the_day_on_which_it_began() -> None:
    night = window(weekdays=["fri"], hours={"from": "22:00", "to": "02:00"})
    assert night.holds(at("2026-11-20T22:00Z"), ZoneInfo("UTC"))  # a Friday
    assert night.holds(at("2026-11-21T01:59Z"), ZoneInfo("UTC"))
    assert not night.holds(at("2026-11-21T22:30Z"), ZoneInfo("UTC"))
    assert not night.holds(at("2026-11-20T01:00Z"), ZoneInfo("UTC"))
    sunday = window(weekdays=["sun"], hours={"from": "22:00", "to": "02:00"})
    assert sunday.holds(at("2026-11-23T01:00Z"), ZoneInfo("UTC"))  # Monday morning


times = st.sampled_from([None, ("00:00", "24:00"), ("08:00", "12:00"), ("22:00", "03:00")])
windows = st.builds(
    lambda days, hours, span: window(
        weekdays=days,
        hours=hours and {"from": hours[0], "to": hours[1]},
        starts_at=span and f"2026-11-{span[0]:02}T06:00Z",
        ends_at=span and f"2026-11-{span[0] + span[1]:02}T18:00Z",
    ),
    st.lists(st.sampled_from(WEEKDAYS), max_size=3),
    times,
    st.none() | st.tuples(st.integers(1, 10), st.integers(0, 8)),
)


@given(windows, windows)
def test_windows_meet_where_some_moment_lies_in_both(one: Window, other: Window) -> None:
    zone = ZoneInfo("UTC")
    first = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
    moments = [(first + half_hour * 1800) * 1_000_000 for half_hour in range(48 * 28)]
    both = any(one.holds(ts, zone) and other.holds(ts, zone) for ts in moments)
    if both:
        assert one.meets(other) and other.meets(one)
    elif not one.weekdays and not other.weekdays and not (one.hours or other.hours):
        assert not one.meets(other)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ({"starts_at": "tomorrow"}, "a time as 'starts_at'"),
        ({"starts_at": "2026-12-02", "ends_at": "2026-12-01"}, "ends_at after starts_at"),
        ({"weekdays": ["someday"]}, "weekdays among mon"),
        ({"hours": {"from": "8", "to": "12:00"}}, "a time of day"),
        ({"hours": {"from": "08:00", "to": "08:00"}}, "hours that differ"),
        ({"hours": {"from": "08:00"}}, "'to' of hours"),
    ],
)
def test_what_is_no_window_is_refused(found: dict[str, object], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        window(**found)
