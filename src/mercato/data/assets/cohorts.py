"""Whether shoppers come back: those who bought first in a month, in each month since."""

from collections.abc import Mapping

import ibis
import pyarrow as pa
from ibis import _

from mercato.data.asset import Asset, DeriveContext
from mercato.data.checks import required
from mercato.data.money import revenue
from mercato.data.shoppers import SHOPPER_ID, counted_lines


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """One row a month of first purchases and a month (UTC) since in which any of them bought.

    shoppers : of the cohort who bought in that month; with ``months`` 0 all of the cohort
    """
    lines = counted_lines(tables, context)
    bought = lines.filter(lines.event == "purchase", lines[SHOPPER_ID].notnull())
    # A day, not a moment, so that no engine's time zone moves it into another month.
    dated = bought.mutate(month=bought.ts.date().truncate("M"), paid=revenue(bought))
    monthly = context.keep(
        dated.group_by([SHOPPER_ID, "month"]).aggregate(
            orders=_.event_id.nunique(), revenue=_.paid.sum()
        ),
        each=SHOPPER_ID,
    )
    first = monthly.group_by(SHOPPER_ID).aggregate(cohort=_.month.min())
    joined = monthly.inner_join(first, SHOPPER_ID)
    months = 12 * (joined.month.year() - joined.cohort.year())
    months = months + joined.month.month() - joined.cohort.month()
    return (
        joined.mutate(months=months.cast("int64"))
        .group_by(["cohort", "months"])
        .aggregate(
            shoppers=_.count(),
            orders=_.orders.sum(),
            # Cents are enough, and the same in whatever order an engine adds.
            revenue=_.revenue.sum().cast("float64").round(2),
        )
    )


COHORTS = Asset(
    name="cohorts",
    description="Shoppers by the month of their first purchase, and who of them bought since.",
    owner="shop",
    keys=("cohort", "months"),
    inputs=("events", "shopper_flags"),
    build=build,
    checks=(required("cohort", "Report this."),),
    schema=pa.schema(
        [
            ("cohort", pa.date32()),
            ("months", pa.int64()),
            ("shoppers", pa.int64()),
            ("orders", pa.int64()),
            ("revenue", pa.float64()),
        ]
    ),
)
