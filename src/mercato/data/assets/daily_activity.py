"""What happened in the shop day by day: searches, shelves, baskets, and what they led to."""

from collections.abc import Mapping

import ibis
import pyarrow as pa
from ibis import _

from mercato.data.asset import Asset, DeriveContext
from mercato.data.checks import required
from mercato.data.money import revenue
from mercato.data.shoppers import SHOPPER_ID, counted_lines

CREDIT_DAYS = 7
"""A purchase is a search's or a shelf's if its shopper came to the product from there no longer
ago. As the shop's experiments have it; assumed."""

_TOUCHES = ("select_item", "add_to_cart", "purchase")

_MEASURES = {
    "searches": "int64",
    "empty_searches": "int64",
    "clicked_searches": "int64",
    "shelves": "int64",
    "search_clicks": "int64",
    "shelf_clicks": "int64",
    "carts": "int64",
    "orders": "int64",
    "shoppers": "int64",
    "revenue": "float64",
    "search_revenue": "float64",
    "shelf_revenue": "float64",
}


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """One row a day (UTC) on which anything happened.

    searches : first pages of answers to words, and searches that were told as events alone
    empty_searches, clicked_searches : of those that were answered here
    search_revenue, shelf_revenue : of what a shopper bought within `CREDIT_DAYS` after they came
        to the product from a search or a shelf, by the last one they came from
    """
    lines = counted_lines(tables, context)
    answers = context.keep(_answered(tables["answers"], lines))
    credited = context.keep(_credited(lines, answers), each=SHOPPER_ID)
    parts = [*_of_answers(answers), *_of_lines(lines), *_of_credit(credited)]
    long = parts[0]
    for part in parts[1:]:
        long = long.union(part)
    return long.group_by("day").aggregate(
        **{
            # Cents are enough, and the same in whatever order an engine adds.
            name: long.amount.sum(where=long.measure == name).coalesce(0.0).round(2).cast(kind)
            for name, kind in _MEASURES.items()
        }
    )


def _answered(answers: ibis.Table, lines: ibis.Table) -> ibis.Table:
    """(query_id, day, kind, first, empty, clicked) of every answer."""
    clicks = lines.filter(lines.event == "select_item", lines.query_id.notnull())
    clicked = clicks.select("query_id").distinct().mutate(clicked=True)
    by_words = answers.request.contains('"q":"') & ~answers.request.contains('"q":""')
    first = answers.item_ids.length().fill_null(0) == 0
    first = first | (answers.positions[0] == 1)
    found = answers.select(
        "query_id",
        "kind",
        day=answers.ts.date(),
        first=(first & by_words).fill_null(False),
        empty=answers.item_ids.length().fill_null(0) == 0,
    )
    joined = found.left_join(clicked, "query_id").drop("query_id_right")
    return joined.mutate(clicked=joined.clicked.fill_null(False))


def _credited(lines: ibis.Table, answers: ibis.Table) -> ibis.Table:
    """(ts, event, paid, source) of lines about items; ``source``: the kind of answer that the
    shopper came from."""
    touched = lines.filter(
        lines.event.isin(list(_TOUCHES)), lines.item_id.notnull(), lines[SHOPPER_ID].notnull()
    )
    keys = [SHOPPER_ID, "item_id"]
    named = touched.filter(touched.query_id.notnull()).select(keys).distinct()
    touched = touched.semi_join(named, keys)  # of all others nobody knows whence they came
    kinds = answers.select(answer=answers.query_id, kind=answers.kind)
    joined = touched.left_join(kinds, touched.query_id == kinds.answer)
    order = [joined.ts, joined.event_id, joined.line]
    so_far = ibis.cumulative_window(group_by=keys, order_by=order)
    numbered = joined.mutate(touch=joined.kind.notnull().cast("int64").sum().over(so_far))
    of_touch = ibis.window(group_by=[*keys, "touch"])
    last = numbered.mutate(
        source=numbered.kind.max().over(of_touch),
        since=numbered.ts.min().over(of_touch),
    )
    late = last.ts.epoch_seconds() - last.since.epoch_seconds() > CREDIT_DAYS * 86_400
    return last.select(
        "ts",
        "event",
        paid=revenue(last),
        source=ibis.ifelse((last.touch == 0) | late, ibis.null("string"), last.source),
    )


def _of_answers(answers: ibis.Table) -> list[ibis.Table]:
    search = (answers.kind == "search") & answers.first
    return [
        _counted(answers.filter(search), "searches"),
        _counted(answers.filter(search, answers.empty), "empty_searches"),
        _counted(answers.filter(search, answers.clicked), "clicked_searches"),
        _counted(answers.filter(answers.kind == "shelf"), "shelves"),
    ]


def _of_lines(lines: ibis.Table) -> list[ibis.Table]:
    dated = lines.mutate(day=lines.ts.date(), paid=revenue(lines))
    bought = dated.filter(dated.event == "purchase")
    told = dated.filter(
        dated.event.isin(["search", "view_search_results"]),
        dated.search_term.notnull(),
        dated.query_id.isnull(),
    )
    return [
        _counted(told.select("day", "event_id").distinct(), "searches"),
        _counted(dated.filter(dated.event == "add_to_cart"), "carts"),
        _counted(bought.select("day", "event_id").distinct(), "orders"),
        _counted(dated.select("day", SHOPPER_ID).drop_null(SHOPPER_ID).distinct(), "shoppers"),
        _summed(bought, "revenue"),
    ]


def _of_credit(credited: ibis.Table) -> list[ibis.Table]:
    dated = credited.mutate(day=credited.ts.date())
    clicks = dated.filter(dated.event == "select_item")
    bought = dated.filter(dated.event == "purchase")
    return [
        _counted(clicks.filter(clicks.source == "search"), "search_clicks"),
        _counted(clicks.filter(clicks.source == "shelf"), "shelf_clicks"),
        _summed(bought.filter(bought.source == "search"), "search_revenue"),
        _summed(bought.filter(bought.source == "shelf"), "shelf_revenue"),
    ]


def _counted(rows: ibis.Table, measure: str) -> ibis.Table:
    return _told(rows.group_by("day").aggregate(amount=_.count().cast("float64")), measure)


def _summed(rows: ibis.Table, measure: str) -> ibis.Table:
    return _told(rows.group_by("day").aggregate(amount=rows.paid.sum().cast("float64")), measure)


def _told(sums: ibis.Table, measure: str) -> ibis.Table:
    return sums.select("day", measure=ibis.literal(measure), amount=sums.amount)


DAILY_ACTIVITY = Asset(
    name="daily_activity",
    description="What happened day by day: searches, shelves, baskets, and what they led to.",
    owner="shop",
    keys=("day",),
    inputs=("events", "answers", "shopper_flags"),
    build=build,
    checks=(required("day", "Report this."),),
    schema=pa.schema(
        [
            ("day", pa.date32()),
            *(
                (name, pa.int64() if kind == "int64" else pa.float64())
                for name, kind in _MEASURES.items()
            ),
        ]
    ),
)
