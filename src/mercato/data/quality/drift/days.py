"""Days that lack, and lines that are far more or fewer than the weekday's.

Counts are compared as square roots, whose standard deviation is about ½ whatever the mean
(Bartlett, The Square Root Transformation in Analysis of Variance, 1936); medians and median
absolute deviations stand for means, since the days beside may be wrong as well (Leys et al.,
Detecting outliers, JESP 2013).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from statistics import median

import ibis

from mercato.core import columns as c
from mercato.data.quality.alarm import Alarm
from mercato.data.quality.arrival import RECENT_DAYS, Arrival

LOW, HIGH = 0.2, 3.0
"""Times the weekday's median: less than the one is a day that lacks, more than the other one that
has lines too many. Assumed; Thanksgiving brings the demo's supermarket to .53."""

LEVEL = 1.8
"""Factor of the median day on which a whole import is larger or smaller. Assumed; the
supermarket's months stay within 1.07."""

_FAR = 6.0
"""Robust standard deviations."""

_SPREAD_OF_COUNTS = 0.5
_TO_DEVIATION = 1.4826
"""Median absolute deviation → standard deviation of a normal distribution."""

_FEWEST_BESIDE = 3
_FEWEST_DAYS = 5
_STRAYS = 0.001
"""Share of lines at either end whose days do not make the import's range: wrong clocks."""

_NAMED = 5


@dataclass(frozen=True)
class _Judged:
    """expected : the median of the same weekday; far : robust standard deviations from it"""

    day: date
    lines: int
    expected: float
    far: float


def day_alarms(arrival: Arrival) -> Iterator[Alarm]:
    if arrival.asset.name != "events":
        return
    brought = _counts(arrival, arrival.brought)
    present = {} if arrival.present is None else _counts(arrival, _kept(arrival))
    whole = {day: brought.get(day, 0) + present.get(day, 0) for day in {*brought, *present}}
    days = _days_to_judge(brought, present, arrival.closed)
    judged = [each for each in (_judge(day, whole, arrival.closed) for day in days) if each]
    low = [each for each in judged if each.lines <= LOW * each.expected and each.far <= -_FAR]
    high = [each for each in judged if each.lines >= HIGH * each.expected and each.far >= _FAR]
    if low:
        yield _alarm("day-missing", "every day about as many lines as its weekday", low, _MISSING)
    if high:
        yield _alarm("day-crowded", "no day far above its weekday", high, _CROWDED)
    if (alarm := _level(days, brought, present, arrival.closed)) is not None:
        yield alarm


_MISSING = (
    "Export those days again and import them; days on which the shop is closed can be declared: "
    "closed_days under [quality] in shop.toml."
)
_CROWDED = "Check that those days are not exported twice under other event ids."


def _kept(arrival: Arrival) -> ibis.Table:
    """Recent lines that the import does not replace."""
    if not arrival.replaced:
        return arrival.recent
    return arrival.recent.anti_join(arrival.brought, arrival.asset.keys)


def _counts(arrival: Arrival, lines: ibis.Table) -> dict[date, int]:
    """UTC day → lines."""
    counted = lines.group_by(day=lines[c.TS].date()).aggregate(n=lines.count())
    found = arrival.engine.table(counted, order_by=["day"])
    return dict(zip(found["day"].to_pylist(), found["n"].to_pylist(), strict=True))


def _days_to_judge(
    brought: Mapping[date, int], present: Mapping[date, int], closed: Sequence[str]
) -> list[date]:
    """The days of the import, and those between it and what was there; none that is declared
    closed, nor the first and the last of all, which may not be whole."""
    if not brought:
        return []
    first, last = usual_range(brought)
    known = (*brought, *present)
    if present:
        _, end = usual_range(present)
        first = min(first, end + timedelta(days=1))
    first, last = max(first, min(known) + timedelta(days=1)), min(last, max(known) - _DAY)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if not _is_closed(day, closed)]


_DAY = timedelta(days=1)


def usual_range(counts: Mapping[date, int]) -> tuple[date, date]:
    """The first and the last day, but for a few strays."""
    strays = _STRAYS * sum(counts.values())

    def edge(days: Sequence[date]) -> date:
        passed = 0
        for day in days:
            passed += counts[day]
            if passed > strays:
                return day
        return days[-1]

    days = sorted(counts)
    return edge(days), edge(days[::-1])


def _is_closed(day: date, closed: Sequence[str]) -> bool:
    return day.isoformat() in closed or day.strftime("%m-%d") in closed


def _beside(day: date, counts: Mapping[date, int], closed: Sequence[str]) -> list[int]:
    """Lines of the same weekday in the eight weeks before, as far as they are known; where too few
    are, also in those behind. The counts' first and last day are not taken."""
    first, last = min(counts), max(counts)

    def known(offsets: Iterable[int]) -> list[int]:
        days = [day + timedelta(days=off) for off in offsets]
        return [counts.get(d, 0) for d in days if first < d < last and not _is_closed(d, closed)]

    before = known(range(-RECENT_DAYS, 0, 7))
    return before if len(before) > _FEWEST_BESIDE else before + known(range(7, RECENT_DAYS + 1, 7))


def _judge(day: date, counts: Mapping[date, int], closed: Sequence[str]) -> _Judged | None:
    """None where too little is known of the weekday."""
    beside = _beside(day, counts, closed)
    if len(beside) < _FEWEST_BESIDE:
        return None
    lines, expected = counts.get(day, 0), median(beside)
    spread = _TO_DEVIATION * median(abs(sqrt(n) - sqrt(expected)) for n in beside)
    far = (sqrt(lines) - sqrt(expected)) / max(spread, _SPREAD_OF_COUNTS)
    return _Judged(day, lines, expected, far)


def _level(
    days: Sequence[date],
    brought: Mapping[date, int],
    present: Mapping[date, int],
    closed: Sequence[str],
) -> Alarm | None:
    """All days of an import against the same weekdays before it."""
    judged = []
    for day in days:
        if day in brought and day not in present:
            before = {d: n for d, n in present.items() if d < day} | {day: brought[day]}
            judged.append(_judge(day, before, closed))
    known = [each for each in judged if each and each.expected]
    if len(known) < _FEWEST_DAYS:
        return None
    factor = median(each.lines / each.expected for each in known)
    if 1 / LEVEL < factor < LEVEL or abs(median(each.far for each in known)) < _FAR / 2:
        return None
    return Alarm(
        "volume-level",
        "events",
        None,
        "about as many lines a day as on the weekdays before",
        f"× {factor:.2f} on the median of {len(known)} days",
        "Check that the export is whole and holds every event once.",
    )


def _alarm(name: str, expected: str, judged: Sequence[_Judged], remedy: str) -> Alarm:
    said = [f"{j.day}: {j.lines:,} lines, {j.expected:,.0f} expected" for j in judged[:_NAMED]]
    more = f"; {len(judged) - _NAMED} days more" if len(judged) > _NAMED else ""
    return Alarm(name, "events", None, expected, "; ".join(said) + more, remedy)
