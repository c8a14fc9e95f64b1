"""What shoppers searched for instead, after a search that led to nothing."""

from collections.abc import Mapping

import ibis
import pyarrow as pa
from ibis import _

from mercato.data.asset import Asset, DeriveContext
from mercato.data.assets.search_clicks import plain_query
from mercato.data.checks import required
from mercato.data.labels import Masking, Sensitivity
from mercato.data.shoppers import counted_lines

PATIENCE_SECONDS = 300
"""A search so long after the last is a new one. Assumed."""

ACTIONS = ("select_item", "add_to_cart", "purchase")

_ASKED = pa.schema(
    [
        ("query_id", pa.string()),
        ("session_id", pa.string()),
        ("ts", pa.timestamp("us", "UTC")),
        ("query", pa.string()),
        ("found", pa.bool_()),
    ]
)


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """One row for each two queries of which the second followed the first in a session.

    Only where nothing came of the first and something of the second; pages of one query are one
    search.
    """
    lines = counted_lines(tables, context)
    acted = lines.filter(lines.query_id.notnull() & lines.event.isin(ACTIONS))
    answers = tables["answers"].filter(_.kind == "search", _.session_id.notnull())
    logged = answers.select("query_id", "session_id", "ts", "request", "item_ids")
    asked = context.through(logged, queries_asked, _ASKED)
    useful = acted.select("query_id").distinct().mutate(useful=True)
    asked = asked.left_join(useful, "query_id").drop("query_id_right")
    asked = asked.mutate(useful=asked.useful.fill_null(False))
    in_order = ibis.window(group_by="session_id", order_by=["ts", "query_id"])
    followed = asked.mutate(
        next_query=asked.query.lead().over(in_order),
        next_ts=asked.ts.lead().over(in_order),
        next_useful=asked.useful.lead().over(in_order),
    )
    waited = followed.next_ts.epoch_seconds() - followed.ts.epoch_seconds()
    instead = followed.filter(
        ~followed.useful,
        followed.next_useful,
        followed.query != followed.next_query,
        waited <= PATIENCE_SECONDS,
    )
    return instead.group_by(["query", "next_query"]).aggregate(
        sessions=instead.session_id.nunique(), empty=(~instead.found).cast("int64").sum()
    )


def queries_asked(answers: pa.Table) -> pa.Table:
    """(query_id, session_id, ts, query, found) of the answers to plain words."""
    queries = [plain_query(request) for request in answers["request"].to_pylist()]
    found = [bool(items) for items in answers["item_ids"].to_pylist()]
    table = pa.table(
        {
            "query_id": answers["query_id"],
            "session_id": answers["session_id"],
            "ts": answers["ts"],
            "query": pa.array(queries, pa.string()),
            "found": pa.array(found, pa.bool_()),
        }
    )
    return table.filter(pa.array([bool(query) for query in queries], pa.bool_()))


REFORMULATIONS = Asset(
    name="reformulations",
    description="Queries that shoppers typed after one that led to nothing, in how many sessions.",
    owner="search",
    keys=("query", "next_query"),
    sensitivity=Sensitivity.PERSONAL,
    # What people search for names them, see the asset events.
    personal={"query": Masking.DROPPED, "next_query": Masking.DROPPED},
    inputs=("events", "answers", "shopper_flags"),
    build=build,
    checks=(required("query", "Report this."), required("next_query", "Report this.")),
    schema=pa.schema(
        [
            ("query", pa.string()),
            ("next_query", pa.string()),
            ("sessions", pa.int64()),
            ("empty", pa.int64()),
        ]
    ),
)
