"""Shoppers whom nothing is learned from: programs, the shop's own people, and who denied it.

Nothing of theirs is deleted; statistics and models leave it out (`mercato.data.shoppers`).
"""

import json
from collections.abc import Mapping

import ibis
import pyarrow as pa

from mercato.core.programs import BOT, CRAWLERS, LIBRARIES, NO_CRAWLER, OWN, mark
from mercato.data.asset import Asset, DeriveContext
from mercato.data.checks import accepted, required
from mercato.data.labels import Masking, Sensitivity
from mercato.data.shoppers import SHOPPER_ID, with_shopper

EVENTS_A_MINUTE = 60
MINUTES = 5
"""``bot-rate``: more than 60 events in each of 5 minutes or more; what is shown without being
asked for (impressions) is not counted."""

GAPS = 100
GAP_SPREAD = 0.1
LONGEST_GAP_SECONDS = 1800
"""``bot-regular``: at least 100 gaps of at most half an hour whose standard deviation is below a
tenth of their mean; people's gaps spread by more than their mean (Barabási, The origin of bursts
and heavy tails in human dynamics, Nature 2005)."""

ITEMS_A_DAY = 1000
"""``bot-breadth``: so many different items viewed on one day (UTC), and never a purchase."""

_AGENT = rf'"[a-z_.]*user_?agent":"[^"]*({CRAWLERS}|{LIBRARIES})'
"""``bot-agent``: what programs call themselves, in an attribute ``user_agent``; or they were
marked as they sent their events."""

_BETWEEN = "\n"

_SHOWN = ("view_item_list", "view_promotion")

_READ = ("event_id", "ts", "event", "item_id")
"""What all lines are split with; what few are looked for by is read where they lie."""


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """One row a shopper and flag, with what was found and the bound that it is beyond.

    value : bot-rate: minutes; bot-regular: deviation by mean; bot-breadth: items; else lines
    """
    told = with_shopper(tables["events"], context.keep)
    told = told.filter(told[SHOPPER_ID].notnull())
    lines = context.split(told.select(SHOPPER_ID, *_READ), SHOPPER_ID)
    active = lines.filter(~lines.event.isin(_SHOWN))
    # As 32 bits, which the expression would be kept in, seconds end in 2038.
    at = active.ts.min().epoch_seconds().floor().cast("int64")
    events = active.group_by([SHOPPER_ID, "event_id"]).aggregate(at=at)
    events = context.split(events, SHOPPER_ID, apart=True)
    by_habit = ibis.union(_fast(events), _regular(events), _broad(lines))
    by_habit = context.keep(by_habit, each=SHOPPER_ID)
    return ibis.union(by_habit, _agents(told), *_own(told, context), *_denied(told, context))


def _flagged(rows: ibis.Table, flag: str, value: ibis.Value, bound: float | None) -> ibis.Table:
    return rows.select(
        SHOPPER_ID,
        flag=ibis.literal(flag),
        value=value.cast("float64"),
        bound=ibis.null("float64") if bound is None else ibis.literal(bound, "float64"),
    )


def _fast(events: ibis.Table) -> ibis.Table:
    events = events.mutate(minute=(events["at"] / 60).floor())
    counted = events.group_by([SHOPPER_ID, "minute"]).aggregate(n=events.count())
    counted = counted.filter(counted.n > EVENTS_A_MINUTE)
    found = counted.group_by(SHOPPER_ID).aggregate(minutes=counted.count())
    found = found.filter(found.minutes >= MINUTES)
    return _flagged(found, "bot-rate", found.minutes, MINUTES)


def _regular(events: ibis.Table) -> ibis.Table:
    counted = events.group_by(SHOPPER_ID).aggregate(n=events.count())
    many = events.semi_join(counted.filter(counted.n > GAPS), SHOPPER_ID)
    by_time = ibis.window(group_by=SHOPPER_ID, order_by=[many["at"], many["event_id"]])
    gaps = many.mutate(gap=many["at"] - many["at"].lag().over(by_time))
    gaps = gaps.filter((gaps.gap > 0) & (gaps.gap <= LONGEST_GAP_SECONDS))
    found = gaps.group_by(SHOPPER_ID).aggregate(
        n=gaps.count(), spread=gaps.gap.std(how="pop") / gaps.gap.mean()
    )
    found = found.filter((found.n >= GAPS) & (found.spread < GAP_SPREAD))
    return _flagged(found, "bot-regular", found.spread, GAP_SPREAD)


def _broad(lines: ibis.Table) -> ibis.Table:
    views = lines.filter(lines.event == "view_item")
    views = views.mutate(day=(views.ts.epoch_seconds() / 86_400).floor())
    daily = views.group_by([SHOPPER_ID, "day"]).aggregate(items=views.item_id.nunique())
    most = daily.group_by(SHOPPER_ID).aggregate(items=daily["items"].max())
    buyers = lines.filter(lines.event == "purchase").select(SHOPPER_ID).distinct()
    found = most.filter(most["items"] >= ITEMS_A_DAY).anti_join(buyers, SHOPPER_ID)
    return _flagged(found, "bot-breadth", found["items"], ITEMS_A_DAY)


def _agents(lines: ibis.Table) -> ibis.Table:
    marked = lines.attributes.contains(mark(BOT))
    named = lines.filter(marked | lines.attributes.contains("gent"))
    told = named.attributes.lower().replace(NO_CRAWLER, "").re_search(_AGENT)
    return _lines_of(named.filter(told | named.attributes.contains(mark(BOT))), "bot-agent")


def _lines_of(lines: ibis.Table, flag: str) -> ibis.Table:
    found = lines.group_by(SHOPPER_ID).aggregate(lines=lines.count())
    return _flagged(found, flag, found["lines"], None)


def _own(lines: ibis.Table, context: DeriveContext) -> list[ibis.Table]:
    cleaning = context.cleaning
    parts = []
    if cleaning.own_users:
        parts.append(_lines_of(lines.filter(lines.user_id.isin(cleaning.own_users)), "own-user"))
    if cleaning.own_channels:
        parts.append(
            _lines_of(lines.filter(lines.channel.isin(cleaning.own_channels)), "own-channel")
        )
    # Attributes are JSON with sorted keys and no spaces, so a member can be found as text.
    members = [mark(OWN), *(f'"ip":{json.dumps(address)}' for address in cleaning.own_addresses)]
    here = ibis.or_(*(lines.attributes.contains(member) for member in members))
    parts.append(_lines_of(lines.filter(here), "own-address"))
    return parts


def _denied(lines: ibis.Table, context: DeriveContext) -> list[ibis.Table]:
    """Whoever a denial names, and whoever a visitor whom one names belongs to."""
    if not context.denied:
        return []
    # One text, since Ibis takes 80 µs for each of many.
    names = ibis.literal(_BETWEEN.join(context.denied)).split(_BETWEEN).unnest()
    denied = names.name("denied_name").as_table()
    theirs = lines.semi_join(denied, lines[SHOPPER_ID] == denied.denied_name)
    guests = lines.filter(lines.user_id.isnull())
    guest = ibis.literal("visitor:") + guests.visitor_id
    of_visitors = guests.semi_join(denied, guest == denied.denied_name)
    return [_lines_of(theirs.union(of_visitors, distinct=True), "denied")]


MEANINGS: Mapping[str, str] = {
    "bot-rate": f"More than {EVENTS_A_MINUTE} events, impressions aside, in each of {MINUTES} "
    "minutes or more.",
    "bot-regular": f"At least {GAPS} pauses of at most half an hour, which differ by less than a "
    "tenth of their mean.",
    "bot-breadth": f"At least {ITEMS_A_DAY:,} different products viewed on one day, and never a "
    "purchase.",
    "bot-agent": "The attribute `user_agent` of an event is a crawler's or a script's, or the "
    "agent that sent it was a crawler's (the attribute `bot`).",
    "denied": "Denied personalisation, by the newest word on it; or a visitor of theirs did.",
    "own-user": "Named in `[cleaning] own_users`.",
    "own-channel": "Acted under a channel of `[cleaning] own_channels`.",
    "own-address": "Acted from an address of `[cleaning] own_addresses` (the attribute `ip`; or "
    "`own`, where the event was sent from there).",
}
"""Flag → what it means."""

SHOPPER_FLAGS = Asset(
    name="shopper_flags",
    description="Shoppers who are programs or the shop's own people, or who denied to be learned "
    "from; statistics leave them out.",
    owner="data",
    sensitivity=Sensitivity.PERSONAL,
    personal={SHOPPER_ID: Masking.PSEUDONYM},
    keys=(SHOPPER_ID, "flag"),
    inputs=("events",),
    build=build,
    checks=(
        required(SHOPPER_ID, "Report this."),
        required("flag", "Report this."),
        accepted("flag", MEANINGS, "a flag that has a meaning", "Report this."),
    ),
    schema=pa.schema(
        [
            (SHOPPER_ID, pa.string()),
            ("flag", pa.string()),
            ("value", pa.float64()),
            ("bound", pa.float64()),
        ]
    ),
)
