"""How far shoppers come in a day: to a product, to the basket, to a purchase."""

from collections.abc import Mapping

import ibis
import pyarrow as pa

from mercato.data.asset import Asset, DeriveContext
from mercato.data.checks import required
from mercato.data.shoppers import SHOPPER_ID, counted_lines

STEPS = ("came", "looked", "carted", "bought")
"""Whoever came to one has come to those before it, whether or not the log says so: a basket is
hardly filled by somebody who saw no product."""

_STEP_OF = {"view_item": 2, "select_item": 2, "add_to_cart": 3, "purchase": 4}
"""How far an event is, counted from 1 as `STEPS` are."""


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """One row a day (UTC) on which anybody came: shoppers who came at least so far."""
    lines = counted_lines(tables, context)
    known = lines.filter(lines[SHOPPER_ID].notnull())
    far = known.event.cases(*_STEP_OF.items(), else_=1)
    dated = known.mutate(day=known.ts.date(), far=far)
    farthest = dated.group_by(["day", SHOPPER_ID]).aggregate(far=dated.far.max())
    farthest = context.keep(farthest.select("day", "far"), each=SHOPPER_ID)
    return farthest.group_by("day").aggregate(
        **{step: (farthest.far >= at).sum().cast("int64") for at, step in enumerate(STEPS, 1)}
    )


DAILY_FUNNEL = Asset(
    name="daily_funnel",
    description="Shoppers of each day by how far they came: a look, the basket, a purchase.",
    owner="shop",
    keys=("day",),
    inputs=("events", "shopper_flags"),
    build=build,
    checks=(required("day", "Report this."),),
    schema=pa.schema([("day", pa.date32()), *((step, pa.int64()) for step in STEPS)]),
)
