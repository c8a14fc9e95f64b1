"""Who did it, and in which visit: expressions over the asset ``events`` that others build on."""

from collections.abc import Mapping, Sequence

import ibis
from ibis import _

from mercato.core.programs import BOT, OWN, mark
from mercato.data.asset import DeriveContext, Narrow
from mercato.data.outliers import winsorised, winsorises

SHOPPER_ID = "shopper_id"
VISIT = "visit"

COUNTED = (
    *("event_id", "line", "ts", "event", "session_id", "transaction_id", "query_id"),
    *("item_id", "quantity", "price", "value", "coupon", "search_term", "channel"),
)
"""The columns of events that statistics read; each is written once more where the log is long."""


def counted_lines(
    tables: Mapping[str, ibis.Table], context: DeriveContext, columns: Sequence[str] = COUNTED
) -> ibis.Table:
    """The event lines that statistics and models are made of: `with_shopper`, without those of
    shoppers in ``shopper_flags``, those of programs and own people who are nobody's, and those
    under the shop's own channels. They are split by shopper.

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
    lines = with_shopper(events, context.keep).anti_join(flagged, SHOPPER_ID)
    return context.split(lines.select(SHOPPER_ID, *columns), SHOPPER_ID)


def is_marked(events: ibis.Table) -> ibis.Value:
    """Whether a line was marked, as it came in, as a program's or as of the shop's own."""
    said = events.attributes.fill_null("")
    return said.contains(mark(BOT)) | said.contains(mark(OWN))


def with_shopper(events: ibis.Table, keep: Narrow = lambda table: table) -> ibis.Table:
    """Events with ``shopper_id``: the user, else the user with whom the visitor was last seen,
    else ``visitor:`` and the visitor's id. Null for lines of nobody.

    keep : of `DeriveContext`; who was last seen with whom is then worked out once
    """
    both = events.filter(_.user_id.notnull() & _.visitor_id.notnull())
    # By a struct, which engines compare field by field: to sort a third of the log takes longer.
    moment = ibis.struct({name: both[name] for name in ("ts", "event_id", "line")})
    newest = both.group_by(known_visitor=both.visitor_id)
    links = keep(newest.aggregate(known_user=both.user_id.argmax(moment)))
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
