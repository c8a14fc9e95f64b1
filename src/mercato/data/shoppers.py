"""Who did it, and in which visit: expressions over the asset ``events`` that others build on."""

import ibis
from ibis import _

SHOPPER_ID = "shopper_id"
VISIT = "visit"


def with_shopper(events: ibis.Table) -> ibis.Table:
    """Events with ``shopper_id``: the user, else the user with whom the visitor was last seen,
    else ``visitor:`` and the visitor's id. Null for lines of nobody."""
    both = events.filter(_.user_id.notnull() & _.visitor_id.notnull())
    nth = ibis.row_number().over(
        group_by=both.visitor_id, order_by=[both.ts.desc(), both.event_id.desc(), both.line.desc()]
    )
    last = both.mutate(nth=nth).filter(_.nth == 0)
    links = last.select(known_visitor=_.visitor_id, known_user=_.user_id)
    joined = events.left_join(links, events.visitor_id == links.known_visitor)
    guest = ibis.literal("visitor:") + joined.visitor_id
    shopper = ibis.coalesce(joined.user_id, joined.known_user, guest)
    return joined.mutate(**{SHOPPER_ID: shopper}).drop("known_visitor", "known_user")


def with_visit(events: ibis.Table, gap_minutes: int) -> ibis.Table:
    """Events of `with_shopper` that have one, with ``visit``: the session that they name, else
    one that begins after ``gap_minutes`` of silence and is called ``<shopper>@<epoch seconds of
    its first event>``. A visit is one of its shopper: clients number sessions by themselves.
    """
    known = events.filter(events[SHOPPER_ID].notnull())
    by_time = ibis.window(
        group_by=[known[SHOPPER_ID], known.session_id],
        order_by=[known.ts, known.event_id, known.line],
    )
    before = known.ts.lag().over(by_time)
    silent = before.isnull() | (before + ibis.interval(minutes=gap_minutes) < known.ts)
    opened = known.mutate(opened=ibis.ifelse(silent, known.ts, ibis.null(known.ts.type())))
    so_far = ibis.cumulative_window(
        group_by=[opened[SHOPPER_ID], opened.session_id],
        order_by=[opened.ts, opened.event_id, opened.line],
    )
    start = opened.opened.max().over(so_far).epoch_seconds().cast("int64").cast("string")
    unnamed = opened[SHOPPER_ID] + ibis.literal("@") + start
    return opened.mutate(**{VISIT: opened.session_id.coalesce(unnamed)}).drop("opened")
