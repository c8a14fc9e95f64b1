"""Searches that are worth a look: the most frequent, those without results, without clicks, and
those that shoppers put in other words."""

from collections.abc import Mapping

import ibis
import pyarrow as pa
from ibis import _

from mercato.data.asset import Asset, DeriveContext
from mercato.data.casts import MOMENT
from mercato.data.checks import required
from mercato.data.labels import Masking, Sensitivity

MOST = 200
"""Of each list."""

TOP, EMPTY, UNCLICKED, REWORDED = "top", "empty", "unclicked", "reworded"
LISTS = (TOP, EMPTY, UNCLICKED, REWORDED)

_MOSTLY = 0.5
"""Share of its answers without results from which a query counts as one without. Assumed."""

_OFTEN = 2
"""Searches from which it tells something that nobody clicked. Assumed."""


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """One row for each list and place in it.

    next_query : what most shoppers searched for instead, and found something by
    next_sessions : in how many visits
    """
    statistics = tables["query_statistics"]
    instead = _instead(tables["reformulations"])
    found = statistics.left_join(instead, statistics.text == instead.reworded)
    empty_share = found.zero_share.fill_null(0.0)
    lists = {
        TOP: (found, found.searches.cast("float64")),
        EMPTY: (found.filter(empty_share >= _MOSTLY), found.searches * empty_share),
        UNCLICKED: (
            found.filter(found.clicks == 0, found.searches >= _OFTEN, empty_share < _MOSTLY),
            found.searches.cast("float64"),
        ),
        REWORDED: (found.filter(found.next_query.notnull()), found.all_sessions.cast("float64")),
    }
    parts = [_ranked(name, rows, worth) for name, (rows, worth) in lists.items()]
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.union(part)
    return whole


def _instead(reformulations: ibis.Table) -> ibis.Table:
    """(reworded, next_query, next_sessions, all_sessions) of each query that was put otherwise."""
    nth = ibis.row_number().over(
        group_by=reformulations.query,
        order_by=[reformulations.sessions.desc(), reformulations.next_query],
    )
    whole = reformulations.sessions.sum().over(ibis.window(group_by=reformulations.query))
    numbered = reformulations.mutate(nth=nth, all_sessions=whole)
    return numbered.filter(_.nth == 0).select(
        reworded=_.query,
        next_query=_.next_query,
        next_sessions=_.sessions,
        all_sessions=_.all_sessions,
    )


def _ranked(name: str, rows: ibis.Table, worth: ibis.Value) -> ibis.Table:
    weighed = rows.mutate(worth=worth)
    place = ibis.row_number().over(order_by=[weighed.worth.desc(), weighed["query"]])
    placed = weighed.mutate(place=place.cast("int32") + 1).filter(_.place <= MOST)
    return placed.select(
        *("query", "text", "shoppers", "searches", "clicks", "purchases", "zero_share", "last_ts"),
        *("next_query", "next_sessions", "place"),
        list=ibis.literal(name),
    )


QUERY_LISTS = Asset(
    name="query_lists",
    description="Searches worth a look: frequent, without results, without clicks, reworded.",
    owner="search",
    keys=("list", "place"),
    sensitivity=Sensitivity.PERSONAL,
    # What people search for names them, see the asset events.
    personal={name: Masking.DROPPED for name in ("query", "text", "next_query")},
    inputs=("query_statistics", "reformulations"),
    build=build,
    checks=(required("query", "Report this."), required("list", "Report this.")),
    schema=pa.schema(
        [
            ("list", pa.string()),
            ("place", pa.int32()),
            ("query", pa.string()),
            ("text", pa.string()),
            ("shoppers", pa.int64()),
            ("searches", pa.int64()),
            ("clicks", pa.int64()),
            ("purchases", pa.int64()),
            ("zero_share", pa.float64()),
            ("last_ts", MOMENT),
            ("next_query", pa.string()),
            ("next_sessions", pa.int64()),
        ]
    ),
)
