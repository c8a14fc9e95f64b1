"""Each item of each answer that shoppers saw: where, with which score, and whether it was clicked
or bought within a time that is the same for all."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import ibis
import pyarrow as pa
from ibis import _

from mercato.core.columns import Event
from mercato.data.engines import Engine
from mercato.data.programs import answers_to_people

SEARCH = "search"
"""Stands for a placement where a search was answered."""

MOST_ANSWERS = 50_000
"""Spread over the time; more say no more of a distribution."""

TO_CLICK, TO_BUY = timedelta(hours=1), timedelta(days=1)
"""After the answer; what comes later does not count, so that an answer of long ago has no longer to
be clicked or bought from than a new one. Assumed."""

SCHEMA = pa.schema(
    [
        ("placement", pa.string()),
        ("release", pa.int64()),
        ("ts", pa.timestamp("us", tz="UTC")),
        ("unit", pa.string()),
        ("score", pa.float64()),
        ("clicked", pa.bool_()),
        ("bought", pa.bool_()),
    ]
)


def shown_items(
    engine: Engine,
    tables: Mapping[str, ibis.Table],
    since: datetime,
    until: datetime,
    most: int = MOST_ANSWERS,
) -> pa.Table:
    """Rows of `SCHEMA`, of answers to people from ``since`` up to ``until``, at most so many.

    tables : as `answers_to_people` has them
    until  : up to when the log tells what shoppers did

    An item counts as clicked where a click names the answer, as bought where its user or its
    visitor, who may have logged in since, bought it. Null where less than `TO_CLICK`, or `TO_BUY`,
    went by since the answer.
    """
    rows = engine.kept(_shown(engine, tables, since, until, most))
    events = tables["events"]
    clicks = events.filter(events.event == Event.SELECT_ITEM)
    clicked = _within(rows, clicks.select("query_id", "item_id", at="ts"), TO_CLICK)
    bought = _within(rows, _purchases(events, since), TO_BUY)
    found = rows.left_join(clicked.mutate(clicked=True), _ITEM)
    found = found.select(*rows.columns, "clicked").left_join(bought.mutate(bought=True), _ITEM)
    told = found.select(
        "placement",
        "release",
        "ts",
        "unit",
        "score",
        clicked=_known(found.clicked, found.ts, until - TO_CLICK),
        bought=_known(found.bought, found.ts, until - TO_BUY),
    )
    return engine.table(told, SCHEMA)


_ITEM = ("query_id", "item_id")


def _shown(
    engine: Engine,
    tables: Mapping[str, ibis.Table],
    since: datetime,
    until: datetime,
    most: int,
) -> ibis.Table:
    """Each item of each n-th answer."""
    answers = tables["answers"]
    answers = answers.filter((_.ts >= ibis.literal(since)) & (_.ts <= ibis.literal(until)))
    answers = answers_to_people(answers, tables).filter(_.unit.notnull())
    number = ibis.row_number().over(order_by=[answers.ts, answers.query_id])
    numbered = answers.mutate(number=number)
    count = engine.table(answers.aggregate(n=_.count()))["n"][0].as_py()
    return numbered.filter(_.number % max(1, -(-count // most)) == 0).select(
        "query_id",
        "release",
        "ts",
        "unit",
        placement=_.placement.coalesce(SEARCH),
        item_id=_.item_ids.unnest(),
        score=_.scores.unnest(),
    )


def _purchases(events: ibis.Table, since: datetime) -> ibis.Table:
    """(unit, item_id, at): a line counts for its user and for its visitor, as in experiments, so
    that nothing that is known of them later makes one of long ago count."""
    lines = events.filter((events.event == Event.PURCHASE) & (events.ts >= ibis.literal(since)))
    ids = (lines.user_id, lines.visitor_id)
    both = [lines.select("item_id", unit=each, at=lines.ts) for each in ids]
    return ibis.union(*both).filter(_.unit.notnull())


def _within(rows: ibis.Table, done: ibis.Table, time: timedelta) -> ibis.Table:
    """`_ITEM` of rows of which that was done within some time after the answer."""
    keys = [name for name in done.columns if name != "at"]
    both = rows.inner_join(done, keys)
    late = both.ts + ibis.interval(seconds=int(time.total_seconds()))
    return both.filter((both["at"] >= both.ts) & (both["at"] < late)).select(*_ITEM).distinct()


def _known(done: ibis.Value, ts: ibis.Value, latest: datetime) -> ibis.Value:
    return ibis.ifelse(ts <= ibis.literal(latest), done.coalesce(False), ibis.null("boolean"))
