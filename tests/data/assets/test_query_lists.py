"""Which searches are worth a look."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from mercato.data.asset import DeriveContext
from mercato.data.assets import ASSETS
from mercato.data.assets.query_lists import QUERY_LISTS
from mercato.data.engines import open_engine

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def query(text, searches, clicks=1, zero_share=0.0):
    return {
        "query": text,
        "text": text,
        "shoppers": 1,
        "searches": searches,
        "clicks": clicks,
        "purchases": 0,
        "zero_share": zero_share,
        "last_ts": NOW,
    }


STATISTICS = (
    query("mug", 50),
    query("cup", 20, clicks=0),
    query("sofa", 9, clicks=0, zero_share=1.0),
    query("couch", 12, clicks=0, zero_share=0.5),
    query("lamp", 1, clicks=0),
    query("tea", 3, zero_share=None),
)
REFORMULATIONS = (
    {"query": "sofa", "next_query": "settee", "sessions": 2, "empty": 2},
    {"query": "sofa", "next_query": "divan", "sessions": 3, "empty": 3},
    {"query": "cup", "next_query": "mug", "sessions": 4, "empty": 0},
)


@pytest.fixture(scope="module")
def lists():
    rows = {"query_statistics": STATISTICS, "reformulations": REFORMULATIONS}
    with open_engine() as engine:
        tables = {
            name: engine.arrow(pa.Table.from_pylist(list(each), ASSETS[name].schema))
            for name, each in rows.items()
        }
        built = QUERY_LISTS.build(tables, DeriveContext(30))
        table = engine.table(built.select(*QUERY_LISTS.schema.names), QUERY_LISTS.schema)
    found = {}
    for row in table.sort_by([("list", "ascending"), ("place", "ascending")]).to_pylist():
        found.setdefault(row["list"], []).append(row)
    return found


def test_each_list_has_its_searches_in_order(lists):
    assert {name: [row["query"] for row in rows] for name, rows in lists.items()} == {
        "top": ["mug", "cup", "couch", "sofa", "tea", "lamp"],
        "empty": ["sofa", "couch"],  # 9 x 1 and 12 x 0.5 without results
        "unclicked": ["cup"],  # lamp was searched for once
        "reworded": ["sofa", "cup"],  # in 2 + 3 and in 4 visits
    }
    assert [row["place"] for row in lists["top"]] == [1, 2, 3, 4, 5, 6]


def test_what_most_searched_for_instead(lists):
    sofa = lists["empty"][0]
    assert (sofa["next_query"], sofa["next_sessions"]) == ("divan", 3)
    assert lists["top"][0]["next_query"] is None
