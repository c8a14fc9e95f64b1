"""How often banners that share a slot were shown and clicked, from the logs."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import ibis
import orjson
import pyarrow as pa
from ibis import _

from mercato.core.columns import Event
from mercato.data.engines import Engine, open_engine
from mercato.data.experiments.logs import logs
from mercato.data.programs import answers_to_people
from mercato.data.store import AssetStore
from mercato.ranking.rules.slots import BannerClicks
from mercato.shop.banners import READING
from mercato.state import State
from mercato.state.experiments import StoredReading

DAYS = 28
"""That count: what was liked longer ago may bore by now."""

PROMOTION = "promotion_id"
"""Attribute of an event ``select_promotion`` that has a banner's id, as GA4 names it."""

_SCHEMA = pa.schema([("request", pa.string()), ("told", pa.list_(pa.string()))])


def look_at_banners(store: AssetStore, state: State, now: int) -> BannerClicks:
    """Count anew, and keep it in the state, from where servers take it up.

    now : microseconds since 1970 UTC
    """
    start = datetime.fromtimestamp(now / 1_000_000, UTC) - timedelta(days=DAYS)
    with open_engine() as engine:
        found = counted_banners(engine, logs(engine, store, state), start)
    told = {"shown": found.shown, "clicked": found.clicked}
    state.readings.put(StoredReading(READING, now, told))
    return found


def counted_banners(
    engine: Engine, tables: Mapping[str, ibis.Table], start: datetime
) -> BannerClicks:
    """Of answers to people since a moment. A click counts once for its answer, however often it
    came.

    tables : as `answers_to_people` has them
    """
    answers, events = tables["answers"], tables["events"]
    clicks = events.filter(
        (events.event == Event.SELECT_PROMOTION)
        & events.query_id.notnull()
        & events.attributes.notnull()
    )
    told = clicks.group_by("query_id").aggregate(told=_.attributes.collect(distinct=True))
    with_banners = answers.filter(
        (answers.ts >= ibis.literal(start)) & answers.request.contains('"banners":')
    )
    joined = (
        answers_to_people(with_banners, tables)
        .left_join(told, "query_id")
        .select("request", "told")
    )
    shown, clicked = Counter[str](), Counter[str]()
    for batch in engine.batches(joined, _SCHEMA):
        for row in batch.to_pylist():
            chosen = {orjson.loads(each).get(PROMOTION) for each in row["told"] or ()}
            ids = {
                each["id"]
                for each in orjson.loads(row["request"]).get("banners", ())
                if each["slot"]
            }
            shown.update(ids)
            clicked.update(ids & chosen)
    return BannerClicks(dict(shown), dict(clicked))
