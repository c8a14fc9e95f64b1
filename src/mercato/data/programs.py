"""What is left where programs and the shop's own people are left out: expressions over rows that
name whose they are. They decide nothing, and nothing is learned from them."""

from collections.abc import Mapping

import ibis
from ibis import _

from mercato.data.asset import Narrow
from mercato.data.shoppers import SHOPPER_ID, is_marked

UNIT = "unit"

FLAGS = "shopper_flags"

GUEST = "^visitor:"
"""Begins the names of shoppers who are known as visitors only: a pattern."""


def without_programs(
    rows: ibis.Table,
    tables: Mapping[str, ibis.Table],
    keep: Narrow = lambda table: table,
) -> ibis.Table:
    """Rows with a column ``unit``, a user or a visitor or null for nobody, that are of people.

    tables : ``events``, and ``shopper_flags`` where that is known
    keep   : gives a table of the same rows that is computed once

    Left out is who was marked as they sent an event, whom a build has found, and the visitors that
    such users were seen as.
    """
    events = tables["events"]
    ids = ("user_id", "visitor_id")
    lines, found = events.filter(is_marked(events)).select(*ids), []
    if FLAGS in tables:
        flagged = tables[FLAGS].select(unit=_[SHOPPER_ID].re_replace(GUEST, "")).distinct()
        theirs = events.semi_join(flagged, events.user_id == flagged.unit)
        lines, found = lines.union(theirs.select(*ids)), [flagged]
    lines = keep(lines.distinct())
    programs = ibis.union(*(lines.select(unit=lines[name]) for name in ids), *found)
    return rows.anti_join(programs.filter(_.unit.notnull()).distinct(), UNIT)


def answers_to_people(answers: ibis.Table, tables: Mapping[str, ibis.Table]) -> ibis.Table:
    """Answers with ``unit``, the user or else the visitor, less those to programs: by their unit,
    and those to nobody that a marked line names."""
    visitor = answers.request.cast("json")["visitor_id"].str
    asked = answers.mutate(unit=answers.user_id.coalesce(visitor))
    events = tables["events"]
    named = events.filter(is_marked(events) & events.query_id.notnull())
    asked = asked.anti_join(named.select("query_id").distinct(), "query_id")
    return without_programs(asked, tables)
