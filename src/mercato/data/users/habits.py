"""When and where a shopper comes: the weekday, the hour and the channel of most events."""

import ibis

from mercato.data.asset import Keep
from mercato.data.shoppers import SHOPPER_ID
from mercato.data.users.definitions import Definition

_TIES = "of equals, the one seen last."
_SAME = "并列时取最近出现的。"

COLUMNS = (
    Definition(
        "weekday",
        f"Weekday (UTC) of most events, 1 for Monday to 7 for Sunday; {_TIES}",
        f"事件最多的星期（UTC），1 为星期一，7 为星期日；{_SAME}",
    ),
    Definition(
        "hour",
        f"Hour of the day (UTC) of most events, 0 to 23; {_TIES}",
        f"事件最多的小时（UTC），0 到 23；{_SAME}",
    ),
    Definition(
        "channel",
        f"Channel of most events that name one; {_TIES}",
        f"写明渠道的事件中最多的渠道；{_SAME}",
    ),
)


def events_of(lines: ibis.Table) -> ibis.Table:
    """(shopper_id, ts, channel), one row an event."""
    events = lines.group_by(SHOPPER_ID, "event_id").aggregate(
        ts=lines.ts.min(), channel=lines.channel.max()
    )
    return events.drop("event_id")


def habits(events: ibis.Table, keep: Keep) -> tuple[ibis.Table, ...]:
    """One table a habit: (shopper_id, weekday), (shopper_id, hour), (shopper_id, channel).

    events : as `events_of` gives them
    keep   : of `DeriveContext`
    """
    weekday = (events.ts.day_of_week.index() + 1).cast("int32")
    found = (
        _most_frequent(events.mutate(weekday=weekday), "weekday"),
        _most_frequent(events.mutate(hour=events.ts.hour()), "hour"),
        _most_frequent(events, "channel"),
    )
    return tuple(keep(each, each=SHOPPER_ID) for each in found)


def _most_frequent(events: ibis.Table, name: str) -> ibis.Table:
    known = events.filter(events[name].notnull())
    counted = known.group_by(SHOPPER_ID, name).aggregate(n=known.count(), last=known.ts.max())
    order = [counted.n.desc(), counted["last"].desc(), counted[name]]
    nth = ibis.row_number().over(group_by=counted[SHOPPER_ID], order_by=order)
    return counted.mutate(nth=nth).filter(lambda t: t.nth == 0).select(SHOPPER_ID, name)
