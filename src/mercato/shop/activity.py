"""What happened in the shop, as the assets sum it up: no log is read for it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from mercato.data.assets.daily_activity import DAILY_ACTIVITY
from mercato.data.assets.query_lists import QUERY_LISTS
from mercato.data.store import AssetStore
from mercato.shop.opened import Shop


@dataclass(frozen=True)
class Activity:
    """Of a day, or summed over several; see `data.assets.daily_activity`."""

    searches: float = 0
    empty_searches: float = 0
    clicked_searches: float = 0
    shelves: float = 0
    search_clicks: float = 0
    shelf_clicks: float = 0
    carts: float = 0
    orders: float = 0
    shoppers: float = 0
    revenue: float = 0.0
    search_revenue: float = 0.0
    shelf_revenue: float = 0.0

    def __add__(self, other: "Activity") -> "Activity":
        sums = (getattr(self, name) + getattr(other, name) for name in MEASURES)
        return Activity(*sums)


MEASURES = tuple(each.name for each in fields(Activity))


@dataclass(frozen=True)
class Days:
    """first, last : the days that are there; whatever has no row among them was quiet
    summed_at : when; days since then are missing
    """

    of: dict[date, Activity]
    summed_at: datetime

    @property
    def first(self) -> date:
        return min(self.of)

    @property
    def last(self) -> date:
        return max(self.of)

    def at(self, day: date) -> Activity:
        return self.of.get(day, Activity())

    def over(self, last: date, n: int) -> Activity:
        """Of ``n`` days up to ``last``. Shoppers of several days are counted on each of them."""
        days = (last - timedelta(days=back) for back in range(n))
        return sum(map(self.at, days), Activity())

    def last_whole(self, now: datetime) -> date:
        """The newest day that is over."""
        return min(self.last, max(now.astimezone(UTC).date() - timedelta(days=1), self.first))


@dataclass(frozen=True)
class Listed:
    """A search in one of the lists of `data.assets.query_lists`."""

    place: int
    query: str
    text: str
    shoppers: int
    searches: int
    clicks: int
    purchases: int
    zero_share: float | None
    next_query: str | None
    next_sessions: int | None


def days_of(shop: Shop) -> Days | None:
    """All days that are summed up; None where none is."""
    found = _newest(shop, DAILY_ACTIVITY.name)
    if found is None or not found[0]:
        return None
    rows, summed_at = found
    of = {row["day"]: Activity(*(row[name] for name in MEASURES)) for row in rows}
    return Days(of, summed_at)


def listed(shop: Shop, name: str) -> tuple[list[Listed], datetime | None]:
    """The searches of one list, the first first, and when it was made; None where it was not."""
    found = _newest(shop, QUERY_LISTS.name)
    if found is None:
        return [], None
    names = [each.name for each in fields(Listed)]
    rows = (row for row in found[0] if row["list"] == name)
    told = [Listed(**{each: row[each] for each in names}) for row in rows]
    return sorted(told, key=lambda each: each.place), found[1]


def _newest(shop: Shop, name: str) -> tuple[Sequence[dict[str, Any]], datetime] | None:
    version = AssetStore(shop.paths.assets).version(name)
    return None if version is None else _read(shop.paths.assets, name, version)


@lru_cache(8)
def _read(root: Path, name: str, version: int) -> tuple[Sequence[dict[str, Any]], datetime]:
    store = AssetStore(root)
    (commit,) = store.history(name, limit=1)
    return store.read(name, version).to_pylist(), commit.ts
