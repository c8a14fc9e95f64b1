"""Which segments a unit of an experiment belonged to before the experiment could change anything
about it: expressions over the log of events and a version of the asset ``users``."""

from datetime import UTC, datetime
from enum import StrEnum

import ibis
import pyarrow as pa
from ibis import _

from mercato.data.assets.users import USERS
from mercato.data.engines import Engine
from mercato.data.experiments.units import SCHEMA, UNIT
from mercato.data.programs import GUEST
from mercato.data.shoppers import SHOPPER_ID
from mercato.data.store import AssetStore
from mercato.data.versions.summary import is_readable, version_at


class By(StrEnum):
    """What units are divided by; also the name of the column that says it."""

    SHOPPER = "shopper"
    CHANNEL = "channel"
    RFM = "rfm"


NEW, KNOWN = "new", "known"
"""Of `By.SHOPPER`: without an event before the experiment began, and with one."""

UNKNOWN = "unknown"
"""Of `By.CHANNEL` and `By.RFM` where nothing told of it in time."""

SEGMENTED = pa.schema([*SCHEMA, *((str(each), pa.string()) for each in By)])
"""`units.SCHEMA` with the segments of each unit; null where a kind of segment is not known of
anybody."""


def segmented(
    sums: ibis.Table,
    seen: ibis.Table,
    events: ibis.Table,
    users: ibis.Table | None,
    start: datetime,
) -> ibis.Table:
    """`SEGMENTED`: units with what was known of each before its first answer of the experiment.

    sums  : of `units.unit_sums`
    seen  : of `units.seen_of`
    users : of `users_as_of`
    start : when the experiment began

    The channel is that of the unit's newest event before that answer: what comes after it may be
    what the answer brought about.
    """
    first = seen.group_by(UNIT).aggregate(first=_.ts.min())
    lines = _lines(events).inner_join(first, UNIT).filter(_.ts < _.first)
    known = lines.filter(_.ts < ibis.literal(start)).select(UNIT).distinct()
    known = known.mutate(**{By.SHOPPER: ibis.literal(KNOWN)})
    newest = ibis.row_number().over(group_by=UNIT, order_by=[lines.ts.desc(), lines.channel])
    told = lines.filter(lines.channel.notnull()).mutate(place=newest)
    told = told.filter(_.place == 0).select(UNIT, By.CHANNEL)
    joined = sums
    for more in (known, told, *([] if users is None else [users])):
        joined = joined.left_join(more, UNIT).drop(f"{UNIT}_right")
    rfm = ibis.null("string") if users is None else joined[By.RFM].coalesce(UNKNOWN)
    return joined.select(
        *SCHEMA.names,
        **{
            By.SHOPPER: joined[By.SHOPPER].coalesce(NEW),
            By.CHANNEL: joined[By.CHANNEL].coalesce(UNKNOWN),
            By.RFM: rfm,
        },
    )


def users_as_of(engine: Engine, store: AssetStore, at: int) -> ibis.Table | None:
    """(unit, rfm) by the version of ``users`` that was current at a time; None where there was
    none, or a vacuum took it away.

    at : microseconds since 1970 UTC
    """
    moment = datetime.fromtimestamp(at / 1_000_000, UTC)
    if store.version(USERS.name) is None:
        return None
    version = version_at(store, USERS.name, moment)
    if version is None or not is_readable(store, USERS.name, version):
        return None
    users = engine.files(store.files(USERS.name, version), USERS.schema)
    named = users.select(unit=_[SHOPPER_ID].re_replace(GUEST, ""), rfm=_.segment)
    return named.group_by(UNIT).aggregate(rfm=_.rfm.min())


def _lines(events: ibis.Table) -> ibis.Table:
    """(unit, ts, channel) by whoever may be a unit, as `units` has its lines."""
    ids = ("user_id", "visitor_id")
    each = (events.select(unit=events[name], ts=_.ts, channel=_.channel) for name in ids)
    return ibis.union(*each).filter(_.unit.notnull())
