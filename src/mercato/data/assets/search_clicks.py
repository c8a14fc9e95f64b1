"""What searches showed where, and what shoppers then did with it."""

from collections.abc import Mapping
from typing import Any

import ibis
import orjson
import pyarrow as pa
from ibis import _

from mercato.data.asset import Asset, DeriveContext
from mercato.data.checks import required
from mercato.data.labels import Masking, Sensitivity
from mercato.data.shoppers import counted_lines

DEEPEST = 100
"""Places beyond it are left out: hardly anybody comes there. Assumed."""

_ACTIONS = {"clicked": "select_item", "carted": "add_to_cart", "bought": "purchase"}
"""What may follow on an item that was shown; each counts once an answer."""

_SHOWN = pa.schema(
    [
        ("query_id", pa.string()),
        ("query", pa.string()),
        ("item_id", pa.string()),
        ("position", pa.int32()),
    ]
)


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """One row for each query, item and place: answers that showed it there, and actions.

    Of answers to words in the order of the best match, unfiltered, that led to any action at all
    by a counted shopper: nobody may have looked at the others, and programs do not click.
    """
    lines = counted_lines(tables, context)
    acted = lines.filter(lines.query_id.notnull() & lines.event.isin(list(_ACTIONS.values())))
    answers = tables["answers"].filter(_.kind == "search")
    answered = answers.semi_join(acted, "query_id").select(
        "query_id", "request", "item_ids", "positions"
    )
    shown = context.through(answered, shown_places, _SHOWN)
    done = acted.filter(acted.item_id.notnull()).group_by(["query_id", "item_id"])
    actions = done.aggregate(
        **{name: (acted.event == event).any() for name, event in _ACTIONS.items()}
    )
    joined = shown.left_join(actions, ["query_id", "item_id"])
    counts = {name: joined[name].fill_null(False).cast("int64").sum() for name in _ACTIONS}
    return joined.group_by(["query", "item_id", "position"]).aggregate(shown=_.count(), **counts)


def shown_places(answers: pa.Table) -> pa.Table:
    """(query_id, query, item_id, position) of the answers from which positions can be learned."""
    rows: dict[str, list[Any]] = {name: [] for name in _SHOWN.names}
    for answer in answers.to_pylist():
        query = plain_query(answer["request"])
        for item_id, position in zip(
            answer["item_ids"] or (), answer["positions"] or (), strict=False
        ):
            if query and position <= DEEPEST:
                found = (answer["query_id"], query, item_id, position)
                for name, value in zip(_SHOWN.names, found, strict=True):
                    rows[name].append(value)
    return pa.table(rows, _SHOWN)


def plain_query(request: str) -> str:
    """The words of a logged request, in lower case and single spaces; empty where it was
    filtered or sorted, since its order then says little of the words."""
    asked = orjson.loads(request)
    if asked.get("filters") or asked.get("sort"):
        return ""
    return " ".join(str(asked.get("q") or "").casefold().split())


SEARCH_CLICKS = Asset(
    name="search_clicks",
    description="How often searches showed an item at a place, and what shoppers did with it.",
    owner="search",
    keys=("query", "item_id", "position"),
    sensitivity=Sensitivity.PERSONAL,
    # What people search for names them, see the asset events.
    personal={"query": Masking.DROPPED},
    inputs=("events", "answers", "shopper_flags"),
    build=build,
    checks=(required("query", "Report this."), required("item_id", "Report this.")),
    schema=pa.schema(
        [
            ("query", pa.string()),
            ("item_id", pa.string()),
            ("position", pa.int32()),
            ("shown", pa.int64()),
            *((name, pa.int64()) for name in _ACTIONS),
        ]
    ),
)
