"""When a rule holds: from one moment to another, on days of the week, in hours of the day."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mercato.core.errors import BadInput
from mercato.ranking.rules.fields import Fields

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

FIELDS = ("starts_at", "ends_at", "weekdays", "hours")
"""Fields of a rule's conditions that are read here."""

_DAY = 24 * 60
_WEEK = 7 * _DAY
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


@dataclass(frozen=True)
class Window:
    """A window without bounds is always open.

    starts_at, ends_at : microseconds since 1970 UTC; the end is no longer within
    weekdays : 0 is Monday, in the shop's zone; none: every day
    hours    : minutes of the day from and to, in the shop's zone; where the first is the later
               one, it goes on past midnight and belongs to the day on which it began
    """

    starts_at: int | None = None
    ends_at: int | None = None
    weekdays: tuple[int, ...] = ()
    hours: tuple[int, int] | None = None

    @classmethod
    def read(cls, found: Fields) -> "Window":
        """Raises BadInput where a field does not fit, or the end is not after the beginning."""
        starts, ends = moment(found, "starts_at"), moment(found, "ends_at")
        if starts is not None and ends is not None and ends <= starts:
            raise BadInput("ends_at after starts_at", str(found.found["ends_at"]), "Swap them.")
        days = found.texts("weekdays")
        if unknown := [day for day in days if day not in WEEKDAYS]:
            raise BadInput(f"weekdays among {', '.join(WEEKDAYS)}", unknown[0], "Write mon to sun.")
        return cls(starts, ends, tuple(sorted(map(WEEKDAYS.index, days))), _hours(found))

    def to_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {}
        if self.starts_at is not None:
            said["starts_at"] = iso(self.starts_at)
        if self.ends_at is not None:
            said["ends_at"] = iso(self.ends_at)
        if self.weekdays:
            said["weekdays"] = [WEEKDAYS[day] for day in self.weekdays]
        if self.hours is not None:
            low, high = (f"{minute // 60:02}:{minute % 60:02}" for minute in self.hours)
            said["hours"] = {"from": low, "to": high}
        return said

    def holds(self, now: int, zone: ZoneInfo) -> bool:
        """Whether it is open at a moment, in microseconds since 1970 UTC."""
        if (self.starts_at is not None and now < self.starts_at) or self.is_over(now):
            return False
        if not self.weekdays and self.hours is None:
            return True
        local = datetime.fromtimestamp(now / 1_000_000, zone)
        minute = local.weekday() * _DAY + local.hour * 60 + local.minute
        return any(low <= minute < high for low, high in self._of_the_week())

    def is_over(self, now: int) -> bool:
        """Whether it will never open again."""
        return self.ends_at is not None and now >= self.ends_at

    def meets(self, other: "Window") -> bool:
        """Whether both can be open at once, clock changes aside."""
        starts = max(self.starts_at or 0, other.starts_at or 0)
        ends = [each.ends_at for each in (self, other) if each.ends_at is not None]
        return all(starts < end for end in ends) and any(
            low < other_high and other_low < high
            for low, high in self._of_the_week()
            for other_low, other_high in other._of_the_week()
        )

    def _of_the_week(self) -> Iterator[tuple[int, int]]:
        """Minutes of the week, from Monday at midnight, during which it is open."""
        low, high = self.hours or (0, _DAY)
        for day in self.weekdays or range(7):
            start, end = day * _DAY + low, day * _DAY + high + (_DAY if high <= low else 0)
            yield start, min(end, _WEEK)
            if end > _WEEK:
                yield 0, end - _WEEK


def _hours(found: Fields) -> tuple[int, int] | None:
    if not found.has("hours"):
        return None
    ends = Fields.of(found.found["hours"], "hours", ("from", "to"))
    low, high = (_minute(ends.text(name)) for name in ("from", "to"))
    if low in (high, _DAY):
        raise BadInput("hours that differ", str(dict(ends.found)), "Leave hours out for all day.")
    return low, high


def _minute(text: str) -> int:
    if not _TIME.fullmatch(text):
        raise BadInput("a time of day from 00:00 to 24:00", repr(text), "Write it like 08:30.")
    return int(text[:2]) * 60 + int(text[3:])


def moment(found: Fields, name: str) -> int | None:
    """An ISO 8601 time in microseconds since 1970; UTC where it names no zone."""
    if not found.has(name):
        return None
    text = found.text(name)
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(
            f"a time as {name!r} of {found.where}", repr(text), "Write it like 2026-12-01T00:00Z."
        ) from None
    read = read if read.tzinfo else read.replace(tzinfo=UTC)
    return (read - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)


def iso(ts: int) -> str:
    """Microseconds since 1970 as an ISO 8601 time in UTC."""
    moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=ts)
    return moment.isoformat().replace("+00:00", "Z")
