"""Sums of what each unit did from its first answer of an experiment on, and had done before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import ibis
import pyarrow as pa
from ibis import _

from mercato.core.columns import Event
from mercato.data.asset import Narrow
from mercato.data.money import revenue
from mercato.data.programs import UNIT as UNIT
from mercato.data.programs import without_programs

ARM = "arm"

OF_ANSWERS = ("answers", "clicked", "searches", "unclicked", "empty")
"""Of a unit: answers; those with a click; searches; those without a click; those that found
nothing."""

OF_EVENTS = ("carted", "bought", "revenue")
"""Of a unit: 1 where it put something into a cart, 1 where it bought; what it paid."""

BEFORE = "_before"
"""Ends the name of a sum of the time before."""

SUMS = OF_ANSWERS + OF_EVENTS

SCHEMA = pa.schema(
    [(UNIT, pa.string()), (ARM, pa.string())]
    + [(name, pa.float64()) for name in SUMS]
    + [(name + BEFORE, pa.float64()) for name in SUMS]
)

CLICKS = (Event.SELECT_ITEM, Event.VIEW_ITEM, Event.ADD_TO_CART, Event.ADD_TO_WISHLIST)
"""Events that say of which answer they came (``query_id``) and count as a click on it."""


@dataclass(frozen=True)
class Span:
    """A time that begins at ``start`` and ends before ``end``; ``before`` is when what counts as
    before begins."""

    before: datetime
    start: datetime
    end: datetime


def unit_sums(
    tables: Mapping[str, ibis.Table],
    seen: ibis.Table,
    span: Span,
    keep: Narrow = lambda table: table,
) -> ibis.Table:
    """One row a unit of `SCHEMA`, of units that saw one of the arms and are no program.

    tables : ``answers`` and ``events``, and ``shopper_flags`` where that is known
    seen   : of `seen_of` or `held_out_of`
    keep   : gives a table of the same rows that is computed once
    """
    answers = with_unit(tables["answers"])
    units = (
        _marked(seen, tables["events"])
        .group_by(UNIT)
        .aggregate(
            arm=_.arm.min(),
            first=_.ts.min(),
            **{name: _[name].sum() for name in OF_ANSWERS},
        )
    )
    units = keep(without_programs(units, tables, keep))
    began = units.select(UNIT, since=_.first)
    did = _did(tables["events"], began, span.end)
    past = answers.filter((_.ts >= ibis.literal(span.before)) & (_.ts < ibis.literal(span.start)))
    past = past.semi_join(units, UNIT).mutate(arm=ibis.literal(""))
    was_shown = _marked(past, tables["events"]).group_by(UNIT)
    was_shown = was_shown.aggregate(**{name + BEFORE: _[name].sum() for name in OF_ANSWERS})
    began_before = units.select(UNIT, since=ibis.literal(span.before))
    had_done = _did(tables["events"], began_before, span.start)
    had_done = had_done.rename({name + BEFORE: name for name in OF_EVENTS})
    joined = units
    for more in (did, was_shown, had_done):
        joined = joined.left_join(more, UNIT).drop(f"{UNIT}_right")
    sums = {name: joined[name].cast("float64").coalesce(0.0) for name in SCHEMA.names[2:]}
    return joined.select(UNIT, ARM, **sums)


def units_of_anybody(
    tables: Mapping[str, ibis.Table], within: Narrow, keep: Narrow = lambda table: table
) -> ibis.Table:
    """One row of `SUMS` a unit, of everybody who was seen at all in a span and is no program: what
    a planner asks.

    tables, keep : as `unit_sums` has them
    within : gives the rows of a table whose ``ts`` lies in the span
    """
    events = tables["events"]
    lines = within(_lines_of_units(events))
    is_purchase = lines.event == Event.PURCHASE
    did = lines.select(
        UNIT,
        carted=(lines.event == Event.ADD_TO_CART).cast("int64"),
        bought=is_purchase.cast("int64"),
        revenue=ibis.ifelse(is_purchase, revenue(lines), 0.0),
        **dict.fromkeys(OF_ANSWERS, _NOTHING),
    )
    shown = _marked(within(with_unit(tables["answers"])).mutate(arm=ibis.literal("")), events)
    nothing = dict.fromkeys(("carted", "bought"), _NOTHING)
    shown = shown.select(UNIT, **nothing, revenue=ibis.literal(0.0), **_columns(shown, OF_ANSWERS))
    # All that a unit did in one table, grouped once: a join of units takes the memory of all.
    found = did.union(shown).group_by(UNIT)
    units = found.aggregate(
        carted=_.carted.max(),
        bought=_.bought.max(),
        **{name: _[name].sum() for name in (*OF_ANSWERS, "revenue")},
    )
    units = without_programs(units, tables, keep)
    return units.select(UNIT, **{name: units[name].cast("float64") for name in SUMS})


_NOTHING = ibis.literal(0, "int64")


def _columns(table: ibis.Table, names: tuple[str, ...]) -> dict[str, ibis.Value]:
    return {name: table[name].cast("int64") for name in names}


def with_unit(answers: ibis.Table) -> ibis.Table:
    """Answers to somebody, with the unit: the user, else the visitor."""
    visitor = answers.request.cast("json")["visitor_id"].str
    return answers.mutate(unit=answers.user_id.coalesce(visitor)).filter(_.unit.notnull())


def seen_of(answers: ibis.Table, experiment: str, arms: tuple[str, ...], span: Span) -> ibis.Table:
    """Answers of `with_unit` that the experiment had a part in, with their arm."""
    within = (answers.ts >= ibis.literal(span.start)) & (answers.ts < ibis.literal(span.end))
    pattern = f"(^|,){experiment}:([a-z0-9-]+)"
    found = answers.filter(within & answers.variant.notnull())
    found = found.mutate(arm=found.variant.re_extract(pattern, 2))
    return found.filter(_.arm.isin(arms))


def held_out_of(answers: ibis.Table, held_out: str, others: str, span: Span) -> ibis.Table:
    """All answers of `with_unit`, in one of two arms: of those whom no experiment touches, as
    their variant says, and of everybody else."""
    within = (answers.ts >= ibis.literal(span.start)) & (answers.ts < ibis.literal(span.end))
    is_held_out = (answers.variant == held_out).fill_null(False)
    return answers.filter(within).mutate(arm=ibis.ifelse(is_held_out, held_out, others))


def clicked_items(events: ibis.Table) -> ibis.Table:
    """(query_id, clicked): the items of each answer that were clicked."""
    clicks = events.filter(events.event.isin(CLICKS) & events.query_id.notnull())
    clicks = clicks.filter(_.item_id.notnull()).group_by("query_id")
    return clicks.aggregate(clicked=_.item_id.collect(distinct=True))


def _marked(answers: ibis.Table, events: ibis.Table) -> ibis.Table:
    """(unit, arm, ts) of answers, with 1 or 0 for each of `OF_ANSWERS`."""
    clicks = events.filter(events.event.isin(CLICKS) & events.query_id.notnull())
    clicks = clicks.select(clicked_query=_.query_id).distinct()
    joined = answers.left_join(clicks, answers.query_id == clicks.clicked_query)
    was_clicked = joined.clicked_query.notnull()
    is_search = joined.kind == "search"
    return joined.select(
        UNIT,
        ARM,
        "ts",
        answers=ibis.literal(1),
        clicked=was_clicked.cast("int64"),
        searches=is_search.cast("int64"),
        unclicked=(is_search & ~was_clicked).cast("int64"),
        empty=(is_search & (joined.item_ids.length() == 0)).cast("int64"),
    )


def _did(events: ibis.Table, units: ibis.Table, end: datetime) -> ibis.Table:
    """(unit, of `OF_EVENTS`) between each unit's ``since`` and ``end``."""
    lines = _lines_of_units(events).inner_join(units, UNIT)
    return _summed(lines.filter((_.ts >= _.since) & (_.ts < ibis.literal(end))))


def _summed(lines: ibis.Table) -> ibis.Table:
    """(unit, of `OF_EVENTS`) of lines of units."""
    is_purchase = lines.event == Event.PURCHASE
    return lines.group_by(UNIT).aggregate(
        carted=(lines.event == Event.ADD_TO_CART).any().cast("int64"),
        bought=is_purchase.any().cast("int64"),
        revenue=revenue(lines).sum(where=is_purchase),
    )


def _lines_of_units(events: ibis.Table) -> ibis.Table:
    """Lines by whoever may be a unit: a visitor who logs in before buying is still the visitor that
    saw the arm, so that a line counts for its user and for its visitor."""
    names = ("ts", "event", "value", "price", "quantity")
    by_user = events.filter(events.user_id.notnull()).select(*names, unit=_.user_id)
    others = events.filter(
        events.visitor_id.notnull()
        & (events.user_id.isnull() | (events.user_id != events.visitor_id))
    )
    return by_user.union(others.select(*names, unit=_.visitor_id))
