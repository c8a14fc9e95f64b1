"""Visits of shoppers."""

from collections.abc import Mapping

import ibis
import pyarrow as pa

from mercato.data.asset import Apart, Asset, DeriveContext
from mercato.data.casts import MOMENT
from mercato.data.checks import required
from mercato.data.labels import Masking, Sensitivity
from mercato.data.money import revenue
from mercato.data.shoppers import SHOPPER_ID, VISIT, counted_lines, with_visit


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> Apart:
    """One row a visit; half an hour of silence ends one (GA4's default), or its session_id."""
    events = with_visit(counted_lines(tables, context), context.session_gap_minutes)
    purchase = events.event == "purchase"
    visits = (
        events.group_by([SHOPPER_ID, VISIT])
        .aggregate(
            first_ts=events.ts.min(),
            last_ts=events.ts.max(),
            events=events.event_id.nunique(),
            lines=events.count(),
            items=events.item_id.nunique(),
            purchases=purchase.sum(),
            revenue=ibis.ifelse(purchase, revenue(events), 0.0).sum(),
        )
        .rename(session_id=VISIT)
    )
    return Apart(visits, each=SHOPPER_ID)


SESSIONS = Asset(
    name="sessions",
    description="Visits of shoppers: their events up to a silence.",
    owner="data",
    keys=(SHOPPER_ID, "session_id"),
    sensitivity=Sensitivity.PERSONAL,
    personal={SHOPPER_ID: Masking.PSEUDONYM, "session_id": Masking.PSEUDONYM},
    inputs=("events", "shopper_flags"),
    build=build,
    checks=(required(SHOPPER_ID, "Report this."), required("session_id", "Report this.")),
    schema=pa.schema(
        [
            (SHOPPER_ID, pa.string()),
            ("session_id", pa.string()),
            ("first_ts", MOMENT),
            ("last_ts", MOMENT),
            ("events", pa.int64()),
            ("lines", pa.int64()),
            ("items", pa.int64()),
            ("purchases", pa.int64()),
            ("revenue", pa.float64()),
        ]
    ),
)
