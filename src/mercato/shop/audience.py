"""Who shops here, as the assets sum it up; and one shopper, under a pseudonym."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mercato.core.columns import ID
from mercato.core.history import EVENT_CODES
from mercato.data.access import GUEST
from mercato.data.assets.cohorts import COHORTS
from mercato.data.assets.daily_funnel import DAILY_FUNNEL, STEPS
from mercato.data.assets.users import USERS
from mercato.data.auditing import mask_of
from mercato.data.lookup import row_of
from mercato.data.shoppers import SHOPPER_ID
from mercato.data.store import AssetStore
from mercato.data.users.chosen import Counts, counts
from mercato.shop.opened import Shop
from mercato.shop.told import of_newest

MOST_COHORTS = 12
MOST_MONTHS = 12
FUNNEL_DAYS = 28
MOST_MOMENTS = 200

_COUNTED = ("segment", "stage", "tags", "revenue", "as_of")


@dataclass(frozen=True)
class Groups:
    """counts : of all shoppers, by segment, stage and tag; as_of : when they were described"""

    counts: Counts
    as_of: datetime | None


@dataclass(frozen=True)
class Cohort:
    """month : its first day
    shoppers : who bought first in it
    kept : of them, the share that bought in each month since, from the first one on; None for
           months that are not over
    revenue : of the cohort so far
    """

    month: date
    shoppers: int
    kept: tuple[float | None, ...]
    revenue: float


@dataclass(frozen=True)
class FunnelStep:
    """shoppers : a day's shoppers who came at least so far, summed over the days
    before : the same of as many days before; None where there are none
    """

    name: str
    shoppers: int
    before: int | None


def groups(shop: Shop) -> Groups | None:
    """None where shoppers were never described."""
    return of_newest(_assets(shop), USERS.name, _grouped, _COUNTED)


def _grouped(users: pa.Table) -> Groups:
    return Groups(counts(users), pc.max(users["as_of"]).as_py())


def cohorts(shop: Shop) -> tuple[Cohort, ...]:
    """The newest `MOST_COHORTS`, the oldest of them first."""
    return of_newest(_assets(shop), COHORTS.name, _cohorts) or ()


def _cohorts(table: pa.Table) -> tuple[Cohort, ...]:
    rows = table.to_pylist()
    of: dict[date, dict[int, dict[str, Any]]] = {}
    for row in rows:
        of.setdefault(row["cohort"], {})[row["months"]] = row
    last = max((_number(month) + each for month in of for each in of[month]), default=0)
    newest = sorted(of)[-MOST_COHORTS:]
    return tuple(_cohort(month, of[month], last - _number(month)) for month in newest)


def _number(month: date) -> int:
    return 12 * month.year + month.month


def _cohort(month: date, of: Mapping[int, Mapping[str, Any]], age: int) -> Cohort:
    """age : months up to the one that the log ends in, which is not over"""
    everybody = of[0]["shoppers"]
    kept = tuple(
        (of[after]["shoppers"] if after in of else 0) / everybody if after < age else None
        for after in range(1, MOST_MONTHS + 1)
    )
    return Cohort(month, everybody, kept, sum(row["revenue"] for row in of.values()))


def funnel(shop: Shop) -> tuple[FunnelStep, ...]:
    """Of the newest `FUNNEL_DAYS` days that are summed up, and of as many before them."""
    return of_newest(_assets(shop), DAILY_FUNNEL.name, _funnel) or ()


def _funnel(table: pa.Table) -> tuple[FunnelStep, ...]:
    newest = pc.max(table["day"]).as_py()
    if newest is None:
        return ()
    start = newest - timedelta(days=FUNNEL_DAYS - 1)
    now, earlier = (
        table.filter(pc.and_(pc.greater_equal(table["day"], first), pc.less(table["day"], end)))
        for first, end in (
            (start, newest + timedelta(days=1)),
            (start - timedelta(days=FUNNEL_DAYS), start),
        )
    )
    return tuple(
        FunnelStep(
            step, pc.sum(now[step]).as_py() or 0, pc.sum(earlier[step]).as_py() if earlier else None
        )
        for step in STEPS
    )


@dataclass(frozen=True)
class Moment:
    """Something that one shopper did; item_id : empty where it was done with no product"""

    at: datetime
    event: str
    item_id: str
    quantity: float | None
    search_term: str


@dataclass(frozen=True)
class OneShopper:
    """pseudonym : stands for the id, which nothing here tells
    profile : what the asset ``users`` says of them, without the id; None where it does not
    moments : the newest `MOST_MOMENTS`, the newest first; ``of`` how many there are
    """

    pseudonym: str
    profile: Mapping[str, Any] | None
    moments: tuple[Moment, ...]
    of: int


_PROFILE = (
    *("segment", "stage", "tags", "orders", "revenue", "recency_days"),
    *("r", "f", "m", "first_ts", "last_ts", "categories"),
)


def one_shopper(shop: Shop, shopper_id: str) -> OneShopper:
    """What is known of a user, or of a guest who is called ``visitor:ID``: to be put on record
    before."""
    guest = shopper_id.startswith(GUEST)
    ids = shop.pseudonyms
    stored = ids.of(shopper_id.removeprefix(GUEST))
    who = shop.state.events.known(
        None if guest else stored,
        stored if guest else None,
        after_seq=shop.live.manifest.watermark,
        limit=MOST_MOMENTS,
    )
    moments = [*_learned(shop, who.names)]
    moments += [
        Moment(_at(each.ts), each.event, each.item_id or "", each.quantity, each.search_term or "")
        for each in who.events
    ]
    moments.sort(key=lambda each: each.at, reverse=True)
    return OneShopper(
        mask_of(shop.state).pseudonym(shopper_id),
        _profile(shop, GUEST + stored if guest else stored),
        tuple(moments[:MOST_MOMENTS]),
        len(moments),
    )


def _learned(shop: Shop, names: tuple[str, ...]) -> list[Moment]:
    """What the release knows, of products that are sold."""
    live, events = shop.live, {code: name for name, code in EVENT_CODES.items()}
    found = []
    for each in map(live.histories.of, names):
        rows = live.catalogue.live_of[each.item]
        for at in np.flatnonzero(rows >= 0):
            item_id = str(live.catalogue.item(int(rows[at]))[ID])
            pieces = float(each.quantity[at])
            found.append(Moment(_at(int(each.ts[at])), events[each.event[at]], item_id, pieces, ""))
    return found


def _at(ts: int) -> datetime:
    return datetime.fromtimestamp(ts / 1e6, UTC)


def _profile(shop: Shop, stored: str) -> dict[str, Any] | None:
    store = _assets(shop)
    if store.version(USERS.name) is None:
        return None
    return row_of(store, USERS.name, (SHOPPER_ID, stored), _PROFILE)


def _assets(shop: Shop) -> AssetStore:
    return AssetStore(shop.paths.assets)
