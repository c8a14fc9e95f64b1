"""What every shopper did with items, as one list each."""

from collections.abc import Mapping

import ibis
import pyarrow as pa

from mercato.core.history import RATED
from mercato.data.asset import Apart, Asset, DeriveContext
from mercato.data.casts import MOMENT
from mercato.data.checks import required
from mercato.data.labels import Masking, Sensitivity
from mercato.data.shoppers import SHOPPER_ID, counted_lines

_SAID = ("ts", "event", "item_id", "quantity", "price", "channel")


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> Apart:
    """Lists of what each shopper did with items, by time, then by event and line.

    Structs are collected with their sort key in front and sorted as lists, since
    ``collect(order_by=…)`` is not there on every engine.
    """
    lines = counted_lines(tables, context)
    lines = lines.filter(lines.item_id.notnull() & lines[SHOPPER_ID].notnull())
    stars = lines.value.fill_null(0.0)
    lines = lines.mutate(quantity=ibis.ifelse(lines.event.isin(RATED), stars, lines.quantity))
    order = ("ts", "event_id", "line")
    said = ibis.struct({name: lines[name] for name in dict.fromkeys((*order, *_SAID))})
    lists = (
        lines.mutate(said=said).group_by(SHOPPER_ID).aggregate(events=lambda t: t.said.collect())
    )
    only = lists.events.sort().map(lambda each: ibis.struct({n: each[n] for n in _SAID}))
    return Apart(lists.mutate(events=only), each=SHOPPER_ID)


HISTORIES = Asset(
    name="histories",
    description="What every shopper did with items, oldest first.",
    owner="data",
    keys=(SHOPPER_ID,),
    sensitivity=Sensitivity.PERSONAL,
    personal={SHOPPER_ID: Masking.PSEUDONYM},
    inputs=("events", "shopper_flags"),
    build=build,
    checks=(required(SHOPPER_ID, "Report this."),),
    schema=pa.schema(
        [
            (SHOPPER_ID, pa.string()),
            (
                "events",
                pa.list_(
                    pa.struct(
                        [
                            ("ts", MOMENT),
                            ("event", pa.string()),
                            ("item_id", pa.string()),
                            ("quantity", pa.float64()),
                            ("price", pa.float64()),
                            ("channel", pa.string()),
                        ]
                    )
                ),
            ),
        ]
    ),
)
