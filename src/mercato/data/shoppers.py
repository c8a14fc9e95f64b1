"""Who did it, and in which visit: expressions over the asset ``events`` that others build on."""

from collections.abc import Mapping

import ibis
from ibis import _

from mercato.core.programs import BOT, OWN, mark
from mercato.data.asset import DeriveContext, Keep
from mercato.data.outliers import winsorised, winsorises

SHOPPER_ID = "shopper_id"
VISIT = "visit"


def counted_lines(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """The event lines that statistics and models are made of: `with_shopper`, without those of
    shoppers in ``shopper_flags``, those of programs and own people who are nobody's, and those
    under the shop's own channels.

    Where the shop winsorises, quantities, prices and values are no further out than the bounds
    in ``event_flags``.
    """
    events = tables["events"]
    events = events.filter(~is_marked(events))
    if own := context.cleaning.own_channels:
        events = events.filter(~events.channel.isin(own).fill_null(False))
    if winsorises(context.cleaning):
        events = winsorised(events)
    flagged = tables["shopper_flags"].select(SHOPPER_ID).distinct()
    return with_shopper(events, context.keep).anti_join(flagged, SHOPPER_ID)


def is_marked(events: ibis.Table) -> ibis.Value:
    """Whether a line was marked, as it came in, as a program's or as of the shop's own."""
    said = events.attributes.fill_null("")
    return said.contains(mark(BOT)) | said.contains(mark(OWN))


def with_shopper(events: ibis.Table, keep: Keep = lambda table: table) -> ibis.Table:
    """Events with ``shopper_id``: the user, else the user with whom the visitor was last seen,
    else ``visitor:`` and the visitor's id. Null for lines of nobody.

    keep : of `DeriveContext`; who was last seen with whom is then worked out once
    """
    both = events.filter(_.user_id.notnull() & _.visitor_id.notnull())
    nth = ibis.row_number().over(
        group_by=both.visitor_id, order_by=[both.ts.desc(), both.event_id.desc(), both.line.desc()]
    )
    last = both.mutate(nth=nth).filter(_.nth == 0)
    links = keep(last.select(known_visitor=_.visitor_id, known_user=_.user_id))
    joined = events.left_join(links, events.visitor_id == links.known_visitor)
    guest = ibis.literal("visitor:") + joined.visitor_id
    shopper = ibis.coalesce(joined.user_id, joined.known_user, guest)
    return joined.mutate(**{SHOPPER_ID: shopper}).drop("known_visitor", "known_user")


def with_visit(lines: ibis.Table, gap_minutes: int) -> ibis.Table:
    """Lines of `with_shopper` that have one, with ``visit``: the session that they name, else
    one that begins after ``gap_minutes`` of silence and is called ``<shopper>@<epoch seconds of
    its first event>``. A visit is one of its shopper: clients number sessions by themselves.
    """
    known = lines.filter(lines[SHOPPER_ID].notnull())
    unnamed = known.filter(known.session_id.isnull())
    keys = [SHOPPER_ID, "event_id"]
    visits = _opened(unnamed.group_by(keys).aggregate(ts=unnamed.ts.min()), gap_minutes)
    found = unnamed.inner_join(visits.drop("ts"), keys)
    named = known.filter(known.session_id.notnull()).mutate(**{VISIT: _.session_id})
    return found.union(named.select(found.columns))


def _opened(events: ibis.Table, gap_minutes: int) -> ibis.Table:
    """(shopper_id, event_id, ts) with ``visit``, the name of the visit that it belongs to."""
    shopper = events[SHOPPER_ID]
    by_time = ibis.window(group_by=shopper, order_by=[events.ts, events.event_id])
    before = events.ts.lag().over(by_time)
    silent = before.isnull() | (before + ibis.interval(minutes=gap_minutes) < events.ts)
    opens = events.mutate(opens=ibis.ifelse(silent, events.ts, ibis.null(events.ts.type())))
    so_far = ibis.cumulative_window(group_by=opens[SHOPPER_ID], order_by=[opens.ts, opens.event_id])
    start = opens.opens.max().over(so_far).epoch_seconds().floor().cast("int64").cast("string")
    return opens.mutate(**{VISIT: opens[SHOPPER_ID] + "@" + start}).drop("opens")
