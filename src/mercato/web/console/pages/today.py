"""Today: what shoppers do, against the time before, and what was changed about the shop."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar
from urllib.parse import urlencode

from mercato.core.errors import BadInput
from mercato.shop.activity import Activity, Days, days_of
from mercato.shop.changes import Change, changes_since, days_ago
from mercato.web.console.asked import ROOT, Ask, Page
from mercato.web.console.figures import Figure, Kind, Measure
from mercato.web.money import money

PATH = f"{ROOT}/today"
PERIODS = (1, 7, 28)
"""Days that are looked at together."""

_CHARTED = 28
_WEEK = timedelta(days=7)
_CHANGED_DAYS = 28


@dataclass(frozen=True)
class _Number:
    """How a number is made of an activity; ``more_is_better``: None where neither is."""

    of: Callable[[Activity], float | None]
    measure: Measure = Measure.COUNT
    more_is_better: bool | None = True


def _share(part: str, whole: str) -> Callable[[Activity], float | None]:
    def of(found: Activity) -> float | None:
        total: float = getattr(found, whole)
        return getattr(found, part) / total if total else None

    return of


def _field(name: str) -> Callable[[Activity], float | None]:
    def of(found: Activity) -> float | None:
        value: float = getattr(found, name)
        return value

    return of


NUMBERS: Mapping[str, _Number] = {
    "revenue": _Number(_field("revenue"), Measure.MONEY),
    "search_revenue": _Number(_field("search_revenue"), Measure.MONEY),
    "shelf_revenue": _Number(_field("shelf_revenue"), Measure.MONEY),
    "orders": _Number(_field("orders")),
    "carts": _Number(_field("carts")),
    "searches": _Number(_field("searches"), more_is_better=None),
    "clicked": _Number(_share("clicked_searches", "searches"), Measure.SHARE),
    "empty": _Number(_share("empty_searches", "searches"), Measure.SHARE, more_is_better=False),
    "shelf_clicks": _Number(_field("shelf_clicks")),
}


@dataclass(frozen=True)
class Tile:
    """value, before : of the period and of the one before it; None where nothing can be said
    shown  : the value as text
    change : of the value, as a share of the one before; None where there was nothing
    good   : whether the change is one to be glad of; None where it is neither
    url    : this page with its chart
    """

    name: str
    value: float | None
    before: float | None
    shown: str
    change: float | None
    good: bool | None
    url: str
    chosen: bool


@dataclass(frozen=True)
class Served:
    """How a release answered since it is counted: errors as a share, milliseconds as their
    geometric mean."""

    release: int
    answers: int
    errors: float
    ms: float


@dataclass(frozen=True)
class TodayPage:
    """days    : of the period, which ends with ``last``, a day that is over
    periods : (days, address, whether it is this one)
    summed_at : when the log was last summed up; None where it never was
    changes : of the last four weeks, the newest first
    """

    template: ClassVar[str] = "console/today.html"
    days: int
    last: date | None
    periods: tuple[tuple[int, str, bool], ...]
    measure: str
    tiles: tuple[Tile, ...]
    summed_at: datetime | None
    served: tuple[Served, ...]
    changes: tuple[Change, ...]


def today(ask: Ask) -> Page:
    """Parameters: ``days`` of `PERIODS`, ``measure`` of `NUMBERS`."""
    n, measure = _asked(ask)
    found = days_of(ask.shop)
    changes = changes_since(ask.shop, days_ago(_CHANGED_DAYS))
    context = TodayPage(
        days=n,
        last=None if found is None else found.last_whole(datetime.now(UTC)),
        periods=tuple((each, _url(each, measure), each == n) for each in PERIODS),
        measure=measure,
        tiles=() if found is None else _tiles(ask, found, n, measure),
        summed_at=None if found is None else found.summed_at,
        served=_served(ask),
        changes=tuple(changes),
    )
    figures = {} if found is None else {"days": _figure(ask, found, measure)}
    return Page(context, figures)


def _asked(ask: Ask) -> tuple[int, str]:
    n, measure = ask.query.get("days", "7"), ask.query.get("measure", "revenue")
    if n not in map(str, PERIODS):
        raise BadInput(f"days out of {', '.join(map(str, PERIODS))}", repr(n), "Choose one.")
    if measure not in NUMBERS:
        raise BadInput(f"a measure out of {', '.join(NUMBERS)}", repr(measure), "Choose one.")
    return int(n), measure


def _url(n: int, measure: str) -> str:
    return f"{PATH}?{urlencode({'days': n, 'measure': measure})}"


def _tiles(ask: Ask, found: Days, n: int, chosen: str) -> tuple[Tile, ...]:
    last = found.last_whole(datetime.now(UTC))
    now, before = found.over(last, n), found.over(last - max(_WEEK, timedelta(days=n)), n)
    return tuple(
        _tile(ask, name, number, now, before, _url(n, name), chosen=name == chosen)
        for name, number in NUMBERS.items()
    )


def _tile(
    ask: Ask,
    name: str,
    number: _Number,
    now: Activity,
    before: Activity,
    url: str,
    *,
    chosen: bool,
) -> Tile:
    value, old = number.of(now), number.of(before)
    change = value / old - 1 if value is not None and old else None
    good = None
    if change and number.more_is_better is not None:
        good = (change > 0) == number.more_is_better
    return Tile(name, value, old, _shown(ask, number, value), change, good, url, chosen)


def _shown(ask: Ask, number: _Number, value: float | None) -> str:
    if value is None:
        return "–"
    if number.measure is Measure.MONEY:
        return money(round(value), ask.currency, ask.language.code, whole=True)
    return f"{value:.1%}" if number.measure is Measure.SHARE else f"{value:,.0f}"


def _figure(ask: Ask, found: Days, measure: str) -> Figure:
    """Four weeks, and beside each day the same day of the week before."""
    number, text = NUMBERS[measure], ask.language.text
    last = found.last_whole(datetime.now(UTC))
    days = [last - timedelta(days=back) for back in reversed(range(_CHARTED))]
    rows = tuple(
        (day.isoformat(), number.of(found.at(day)), number.of(found.at(day - _WEEK)))
        for day in days
    )
    name = text(f"console.today.{measure}")
    made = (change for change in changes_since(ask.shop, days_ago(_CHANGED_DAYS)))
    marks = tuple(
        (change.at.date().isoformat(), text("console.today.release_mark", number=change.key))
        for change in made
        if change.kind == "release" and days[0] <= change.at.date() <= last
    )
    return Figure(
        Kind.LINES,
        number.measure,
        (text("console.today.day"), name, text("console.today.week_before")),
        rows,
        text("console.today.says", name=name, first=days[0], last=last),
        unit=ask.currency if number.measure is Measure.MONEY else "",
        marks=marks,
    )


def _served(ask: Ask) -> tuple[Served, ...]:
    return tuple(
        Served(
            release, sums.answers, sums.errors / sums.answers, math.exp(sums.log_ms / sums.answers)
        )
        for release, sums in sorted(ask.shop.state.served.all().items(), reverse=True)
        if sums.answers
    )
