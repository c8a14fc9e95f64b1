"""What is known of every shopper: what they buy, how often, how much, and when they are due."""

from collections.abc import Mapping

import ibis
import pyarrow as pa

from mercato.core.columns import PATH_SEPARATOR
from mercato.data.asset import Asset, DeriveContext
from mercato.data.baskets import with_basket
from mercato.data.casts import MOMENT
from mercato.data.checks import required
from mercato.data.labels import Masking, Sensitivity
from mercato.data.moments import UNTIL
from mercato.data.shoppers import SHOPPER_ID, counted_lines
from mercato.data.users import activity, affinities, habits, lifecycle, purchases, rfm, tags

_NUMBERED = ("category", "brand")
_PRICES = ("list_price", "sale_price", "price_band")


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """One row a shopper, guests included. What each column, segment, stage and tag means is
    declared beside it in `mercato.data.users`, and listed in docs/users.md."""
    lines = counted_lines(tables, context)
    lines = lines.filter(lines[SHOPPER_ID].notnull())
    facts = context.keep(_facts(tables["items"], tables["item_statistics"]))
    did = context.keep(activity.activity(lines), each=SHOPPER_ID)
    events = context.split(habits.events_of(lines), SHOPPER_ID, apart=True)
    parts = (
        _buyers(lines, facts, did, tables["events"], context),
        affinities.affinities(lines, facts, "category", "categories", context.keep),
        affinities.affinities(lines, facts, "brand", "brands", context.keep),
        *habits.habits(events, context.keep),
    )
    users = context.keep(_as_of(did, tables["events"]))
    # Small tables, computed once each: Ibis takes seconds over what all of this is in one.
    for part in map(context.keep, parts):
        others = [name for name in part.columns if name not in users.columns]
        users = users.left_join(part, SHOPPER_ID).select(*users.columns, *others)
    return _described(context.keep(users), context)


def _buyers(
    lines: ibis.Table,
    facts: ibis.Table,
    did: ibis.Table,
    events: ibis.Table,
    context: DeriveContext,
) -> ibis.Table:
    """(n_buyers,) what they bought, their scores, and when they are due."""
    baskets = with_basket(lines, context.session_gap_minutes)
    sold = baskets.left_join(facts.select("item_id", *_PRICES), "item_id").drop("item_id_right")
    found = context.keep(purchases.bought(sold), each=SHOPPER_ID)
    found = found.inner_join(did.select(SHOPPER_ID, "refunded"), SHOPPER_ID)
    found = _as_of(found, events)
    return lifecycle.with_interval(rfm.scored(context.keep(found)))


def _as_of(rows: ibis.Table, events: ibis.Table) -> ibis.Table:
    """The rows with ``as_of``: ``until``, else the newest event of all."""
    joined = rows.cross_join(events.aggregate(newest=events.ts.max()))
    return joined.mutate(as_of=ibis.coalesce(UNTIL, joined.newest)).drop("newest")


def _facts(items: ibis.Table, statistics: ibis.Table) -> ibis.Table:
    """(item_id, category, brand, list_price, sale_price, price_band) of every product, its
    category and its brand also as numbers: 1.5 million lines with texts take twice the time."""
    levels = items.product_type.split(PATH_SEPARATOR)[: affinities.CATEGORY_LEVELS]
    told = items.select(
        "brand",
        "sale_price",
        item_id=items.id,
        category=levels.join(PATH_SEPARATOR),
        list_price=items.price,
    )
    told = told.mutate(
        **{
            affinities.numbered(name): ibis.ifelse(
                told[name].isnull(),
                ibis.null("int32"),
                ibis.dense_rank().over(order_by=told[name]).cast("int32"),
            )
            for name in _NUMBERED
        }
    )
    return told.left_join(statistics.select("item_id", "price_band"), "item_id")


def _described(users: ibis.Table, context: DeriveContext) -> ibis.Table:
    """Users with zeros where nothing was bought, and their segment, stage and tags."""
    counts = {name: users[name].coalesce(0) for name in ("orders", "items")}
    sums = {name: users[name].coalesce(0.0) for name in ("quantity", "revenue", "monetary")}
    lists = {
        name: users[name].coalesce(ibis.literal([], type=users[name].type()))
        for name in ("categories", "brands")
    }
    users = users.mutate(**counts, **sums, **lists)
    users = context.keep(users.mutate(segment=rfm.segment(users), stage=lifecycle.stage(users)))
    return users.mutate(tags=tags.tags(users))


def _affinities(of: str) -> pa.DataType:
    return pa.list_(pa.struct([(of, pa.string()), ("share", pa.float64()), ("lift", pa.float64())]))


COLUMNS = (
    *activity.COLUMNS,
    *purchases.COLUMNS,
    *rfm.COLUMNS,
    *lifecycle.COLUMNS,
    *affinities.COLUMNS,
    *habits.COLUMNS,
    *tags.COLUMNS,
)
"""What every column means, in the order of the schema."""

_TYPES = {
    SHOPPER_ID: pa.string(),
    **dict.fromkeys(("as_of", "first_ts", "last_ts", "last_cart_ts"), MOMENT),
    **dict.fromkeys(("first_purchase_ts", "last_purchase_ts"), MOMENT),
    **dict.fromkeys(("views", "orders", "items"), pa.int64()),
    **dict.fromkeys(("r", "f", "m", "weekday", "hour"), pa.int32()),
    **dict.fromkeys(("segment", "stage", "channel"), pa.string()),
    "categories": _affinities("category"),
    "brands": _affinities("brand"),
    "tags": pa.list_(pa.string()),
}
"""Columns that are not numbers of float64."""

USERS = Asset(
    name="users",
    description="Every shopper: what they buy, how often, what they like, and tags, as declared "
    "in docs/users.md.",
    owner="data",
    keys=(SHOPPER_ID,),
    sensitivity=Sensitivity.PERSONAL,
    personal={SHOPPER_ID: Masking.PSEUDONYM},
    inputs=("events", "items", "item_statistics", "shopper_flags"),
    build=build,
    checks=(required(SHOPPER_ID, "Report this."),),
    schema=pa.schema([(each.name, _TYPES.get(each.name, pa.float64())) for each in COLUMNS]),
)
