"""What is odd about event lines, by rules that look at the whole log."""

from collections.abc import Mapping

import ibis
import pyarrow as pa

from mercato.data.asset import Asset, DeriveContext
from mercato.data.checks import accepted, required
from mercato.data.flags.event_amounts import amount_flags
from mercato.data.flags.event_times import time_flags
from mercato.data.flags.flagging import event_flag


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """One row an event line and flag: what was found, and the bound that it is beyond."""
    events = tables["events"]
    return ibis.union(
        *amount_flags(events),
        *time_flags(events),
        event_flag(_of_unknown_items(events, tables["items"]), "unknown-item"),
    )


def _of_unknown_items(events: ibis.Table, items: ibis.Table) -> ibis.Table:
    lines = events.filter(events.item_id.notnull()).select("event_id", "line", "item_id")
    return lines.anti_join(items.select(item_id="id"), "item_id")


MEANINGS: Mapping[str, str] = {
    "price-outlier": "Far from the prices of the same product's lines: more than 3.5 robust "
    "deviations and a factor of 10 from their median, on a log scale.",
    "quantity-outlier": "The same of quantities, from a factor of 20.",
    "in-the-future": "More than a day later than the log was taken in.",
    "before-the-shop": "Before a silence of a year, among at most a hundredth of all lines: the "
    "shop's first plausible day is the one after.",
    "unknown-item": "The product is not in `items`.",
}
"""Flag → what it means."""

EVENT_FLAGS = Asset(
    name="event_flags",
    description="What is odd about event lines: quantities, prices, times, unknown products.",
    owner="data",
    keys=("event_id", "line", "flag"),
    inputs=("events", "items"),
    build=build,
    checks=(
        required("event_id", "Report this."),
        required("flag", "Report this."),
        accepted("flag", MEANINGS, "a flag that has a meaning", "Report this."),
    ),
    schema=pa.schema(
        [
            ("event_id", pa.string()),
            ("line", pa.int32()),
            ("flag", pa.string()),
            ("value", pa.float64()),
            ("bound", pa.float64()),
        ]
    ),
)
