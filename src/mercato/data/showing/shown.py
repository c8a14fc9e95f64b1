"""Each item of each answer that shoppers saw: where, with which score, and whether it was clicked
or bought."""

from collections.abc import Mapping
from datetime import datetime

import ibis
import pyarrow as pa
from ibis import _

from mercato.core.columns import Event
from mercato.data.engines import Engine
from mercato.data.experiments.units import with_unit

SEARCH = "search"
"""Stands for a placement where a search was answered."""

MOST_ANSWERS = 50_000
"""Spread over the time; more say no more of a distribution."""

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
    engine: Engine, tables: Mapping[str, ibis.Table], since: datetime, most: int = MOST_ANSWERS
) -> pa.Table:
    """Rows of `SCHEMA`, of answers at or after ``since`` to somebody, at most so many.

    tables : ``answers`` and ``events``, see `data.experiments.logs`

    An item counts as clicked where a click names the answer, as bought where its shopper bought it
    at any time after the answer.
    """
    answers = with_unit(tables["answers"]).filter(_.ts >= ibis.literal(since))
    number = ibis.row_number().over(order_by=[answers.ts, answers.query_id])
    numbered = answers.mutate(number=number)
    count = engine.table(answers.aggregate(n=_.count()))["n"][0].as_py()
    answers = numbered.filter(_.number % max(1, -(-count // most)) == 0)
    rows = engine.kept(
        answers.select(
            "query_id",
            "release",
            "ts",
            "unit",
            placement=_.placement.coalesce(SEARCH),
            item_id=_.item_ids.unnest(),
            score=_.scores.unnest(),
        )
    )
    events = tables["events"]
    clicks = events.filter((events.event == Event.SELECT_ITEM) & events.query_id.notnull())
    clicks = clicks.select("query_id", "item_id", clicked=True).distinct()
    bought = events.filter((events.event == Event.PURCHASE) & (events.ts >= ibis.literal(since)))
    bought = bought.select(
        unit=bought.user_id.coalesce(bought.visitor_id), item_id="item_id", at="ts"
    )
    bought = bought.group_by(["unit", "item_id"]).aggregate(at=bought["at"].max())
    found = rows.left_join(clicks, ["query_id", "item_id"]).drop("query_id_right", "item_id_right")
    found = found.left_join(bought, ["unit", "item_id"])
    told = found.select(
        "placement",
        "release",
        "ts",
        "unit",
        "score",
        clicked=found.clicked.coalesce(False),
        bought=(found["at"] >= found.ts).coalesce(False),
    )
    return engine.table(told, SCHEMA)
