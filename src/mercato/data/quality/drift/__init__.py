"""Drift: what an import changes that no row by itself shows. One file a kind, found here."""

from collections.abc import Callable, Iterator

from mercato.data.quality.alarm import Alarm
from mercato.data.quality.arrival import Arrival
from mercato.data.quality.drift.categories import category_alarms
from mercato.data.quality.drift.columns import column_alarms
from mercato.data.quality.drift.days import day_alarms
from mercato.data.quality.drift.prices import price_alarms
from mercato.data.quality.drift.traffic import traffic_alarms
from mercato.data.quality.drift.values import value_alarms
from mercato.data.quality.drift.withdrawals import withdrawal_alarms

Family = Callable[[Arrival], Iterator[Alarm]]

FAMILIES: tuple[Family, ...] = (
    traffic_alarms,
    day_alarms,
    price_alarms,
    category_alarms,
    withdrawal_alarms,
    value_alarms,
    column_alarms,
)
"""The more particular kinds first: of a column that one of them names, the general ones are
silent."""


def alarms_of(arrival: Arrival) -> tuple[Alarm, ...]:
    """Every alarm of an import, one a kind and column; the first that names a column stands."""
    found: list[Alarm] = []
    for family in FAMILIES:
        named = {alarm.column for alarm in found if alarm.column is not None}
        found += [alarm for alarm in family(arrival) if alarm.column not in named]
    return tuple(found)
