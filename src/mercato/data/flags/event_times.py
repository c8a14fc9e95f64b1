"""Times at which the shop cannot have been asked."""

from datetime import timedelta

import ibis

from mercato.data.flags.flagging import event_flag
from mercato.data.moments import LOGGED_AT

CLOCK_SKEW = timedelta(days=1)
"""Clocks of phones and zones that were forgotten make less than a day."""

SILENT_DAYS = 365
FEW = 0.01
"""What lies before a year's silence and is at most a hundredth of all lines was never logged by
this shop: a clock that was never set."""

_DAY = 86_400


def time_flags(events: ibis.Table) -> list[ibis.Table]:
    """``value`` and ``bound`` are epoch seconds. Nothing can have happened after the newest events
    were taken in."""
    lines = events.select("event_id", "line", at=events.ts.epoch_seconds())
    latest = LOGGED_AT.epoch_seconds() + int(CLOCK_SKEW.total_seconds())
    ahead = lines.filter(lines["at"] > latest)
    return [_before_the_shop(lines), event_flag(ahead, "in-the-future", ahead["at"], latest)]


def _before_the_shop(lines: ibis.Table) -> ibis.Table:
    daily = lines.mutate(day=(lines["at"] / _DAY).floor().cast("int64"))
    daily = daily.group_by("day").aggregate(n=daily.count())
    by_day = ibis.window(order_by=daily.day)
    daily = daily.mutate(
        before=daily.n.sum().over(ibis.cumulative_window(order_by=daily.day)) - daily.n,
        silence=daily.day - daily.day.lag().over(by_day),
        whole=daily.n.sum().over(),
    )
    opened = daily.filter((daily.silence > SILENT_DAYS) & (daily.before <= daily.whole * FEW))
    first = opened.aggregate(first=opened.day.max() * _DAY)
    rows = lines.cross_join(first)
    rows = rows.filter(rows["at"] < rows["first"])
    return event_flag(rows, "before-the-shop", rows["at"], rows["first"])
