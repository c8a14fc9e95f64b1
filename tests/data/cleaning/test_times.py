"""Dates in other forms, and times on the shop's own clocks; expected values by Python's library."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from mercato.core.errors import BadInput
from mercato.core.settings import ImportSettings, Settings
from mercato.data.cleaning.contexts import cleaning_context
from mercato.data.cleaning.dates import day_first
from mercato.data.cleaning.step import CleaningContext


def events(times: list[object]) -> dict[str, list[object]]:
    ids: list[object] = [f"e{n}" for n in range(len(times))]
    return {"event_id": ids, "ts": times, "event": ["view_item"] * len(times)}


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("31.12.2026 13:00", at(2026, 12, 31, 13)),
        ("1.2.2026", at(2026, 2, 1)),
        ("2026/12/31 13:00:05.250", at(2026, 12, 31, 13, 0, 5, 250_000)),
        ("20261231", at(2026, 12, 31)),
        ("20261231130005", at(2026, 12, 31, 13, 0, 5)),
        ("20261231T130005Z", at(2026, 12, 31, 13, 0, 5)),
        ("31 Dec 2026 1:05 PM", at(2026, 12, 31, 13, 5)),
        ("December 31, 2026 12:05 am", at(2026, 12, 31, 0, 5)),
        ("31-Dec-2026", at(2026, 12, 31)),
        ("1780000000", at(2026, 5, 28, 20, 26, 40)),
        ("2026-12-31T13:00:00+01:00", at(2026, 12, 31, 12)),
    ],
)
def test_other_forms_are_read(clean, written: str, read: datetime) -> None:
    found = clean("events", events([written]))
    assert found.rows["ts"].to_pylist() == [read]


def test_mail_dates_are_read_as_python_reads_them(clean) -> None:
    written = [
        "Thu, 31 Dec 2026 13:00:00 +0100",
        "1 Jan 2027 00:30:00 -0800",
        "Fri, 01 Jan 2027 00:30:00 GMT",
    ]
    found = clean("events", events(written))
    assert found.rows["ts"].to_pylist() == [
        parsedate_to_datetime(each).astimezone(UTC) for each in written
    ]


@pytest.mark.parametrize(
    "written", ["31.02.2026", "2026/13/01", "31 Foo 2026", "Dec 32, 2026", "13 PM"]
)
def test_days_that_are_none_are_refused(clean, written: str) -> None:
    found = clean("events", events([written, "2026-01-01"]))
    assert [(r.check, r.value) for r in found.refusals] == [("ts-readable", written)]


def test_the_order_of_day_and_month_is_the_whole_columns(clean) -> None:
    assert day_first([pa.array(["01/02/2026", None]), pa.array(["13/02/2026 10:00"])]) is True
    assert day_first([pa.array(["01/02/2026"]), pa.array(["02/13/2026"])]) is False
    assert day_first([pa.array(["01/02/2026", "2026-05-05"])]) is None
    assert day_first([pa.array(["13/02/2026", "02/13/2026"])]) is None
    written = ["01/02/2026 10:00", "1-2-2026"]
    for first, month in ((True, 2), (False, 1)):
        context = CleaningContext(day_first=lambda column, first=first: first)
        rows = clean("events", events(written), context).rows
        assert [moment.month for moment in rows["ts"].to_pylist()] == [month, month]
    refused = clean("events", events([*written, "2026-01-01"])).refusals
    assert [refusal.check for refusal in refused] == ["ts-readable"] * 2


def test_a_declared_form_goes_before_all_others(clean) -> None:
    context = cleaning_context(Settings(), "%d/%m/%y %I:%M %p")
    rows = clean("events", events(["05/04/26 01:30 PM", "2026-01-01T00:00:00Z"]), context).rows
    assert rows["ts"].to_pylist() == [at(2026, 4, 5, 13, 30), at(2026, 1, 1)]
    for wrong in ("%d/%m", "%Q/%d/%m/%Y", "%d %d %m %Y", "yesterday"):
        with pytest.raises(BadInput, match="date format with day, month and year"):
            cleaning_context(Settings(), wrong)


BERLIN = ZoneInfo("Europe/Berlin")


def test_times_without_a_zone_are_on_the_shops_clocks(clean) -> None:
    context = CleaningContext(timezone="Europe/Berlin")
    written = ["2026-07-01T12:00:00", "2026-01-01 12:00", "2026-07-01", "2026-07-01T12:00:00Z",
               "2026-07-01T12:00:00+05:00", "1780000000", "31.12.2026 13:00"]  # fmt: skip
    rows = clean("events", events(written), context).rows
    assert rows["ts"].to_pylist() == [
        datetime(2026, 7, 1, 12, tzinfo=BERLIN),
        datetime(2026, 1, 1, 12, tzinfo=BERLIN),
        datetime(2026, 7, 1, tzinfo=BERLIN),
        at(2026, 7, 1, 12),
        at(2026, 7, 1, 7),
        at(2026, 5, 28, 20, 26, 40),
        datetime(2026, 12, 31, 13, tzinfo=BERLIN),
    ]


def test_hours_that_clocks_repeat_or_leave_out(clean) -> None:
    """PEP 495's fold=0 is the rule of RFC 5545 §3.3.5: the first of two; the offset from before."""
    context = CleaningContext(timezone="Europe/Berlin")
    start = datetime(2026, 3, 29, 0, 30)
    walls = [start + timedelta(minutes=30 * n) for n in range(8)]
    walls += [datetime(2026, 10, 25, 0, 30) + timedelta(minutes=30 * n) for n in range(8)]
    found = clean("events", events([wall.isoformat() for wall in walls]), context)
    expected = [wall.replace(tzinfo=BERLIN, fold=0).astimezone(UTC) for wall in walls]
    assert found.rows["ts"].to_pylist() == expected
    twice = next(count for count in found.cleaned if count.step == "time-twice")
    assert twice.rows == 2  # 02:00 and 02:30 of October 25th


def test_naive_timestamps_of_parquet_too(clean) -> None:
    columns = events([None]) | {"ts": pa.array([datetime(2026, 7, 1, 12)], pa.timestamp("us"))}
    rows = clean("events", columns, CleaningContext(timezone="Europe/Berlin")).rows
    assert rows["ts"].to_pylist() == [at(2026, 7, 1, 10)]


def test_a_zone_that_nobody_knows_is_refused() -> None:
    settings = Settings(imports=ImportSettings(timezone="Europe/Atlantis"))
    with pytest.raises(BadInput, match="imports.timezone.*Europe/Atlantis"):
        cleaning_context(settings)
