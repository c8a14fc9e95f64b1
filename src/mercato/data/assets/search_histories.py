"""What every shopper searched for, as one list each."""

from collections.abc import Mapping

import ibis
import pyarrow as pa

from mercato.core.searches import SEARCHES
from mercato.data.asset import Apart, Asset, DeriveContext
from mercato.data.casts import MOMENT
from mercato.data.checks import required
from mercato.data.labels import Masking, Sensitivity
from mercato.data.shoppers import SHOPPER_ID, counted_lines

_SAID = ("ts", "search_term", "channel")


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> Apart:
    """Lists of each shopper's searches, by time, then by event; an event says one, however many
    lines it has. As `histories` in all else."""
    lines = counted_lines(tables, context)
    asked = lines.event.isin([str(each) for each in SEARCHES]) & lines.search_term.notnull()
    lines = lines.filter(asked & lines[SHOPPER_ID].notnull())
    once = lines.group_by([SHOPPER_ID, "event_id"]).aggregate(
        ts=lines.ts.min(), search_term=lines.search_term.min(), channel=lines.channel.min()
    )
    said = ibis.struct({name: once[name] for name in ("ts", "event_id", *_SAID[1:])})
    lists = once.mutate(said=said).group_by(SHOPPER_ID)
    found = lists.aggregate(searches=lambda t: t.said.collect())
    only = found.searches.sort().map(lambda each: ibis.struct({n: each[n] for n in _SAID}))
    return Apart(found.mutate(searches=only), each=SHOPPER_ID)


SEARCH_HISTORIES = Asset(
    name="search_histories",
    description="What every shopper searched for, oldest first.",
    owner="data",
    keys=(SHOPPER_ID,),
    sensitivity=Sensitivity.PERSONAL,
    personal={SHOPPER_ID: Masking.PSEUDONYM, "searches": Masking.DROPPED},
    inputs=("events", "shopper_flags"),
    build=build,
    checks=(required(SHOPPER_ID, "Report this."),),
    schema=pa.schema(
        [
            (SHOPPER_ID, pa.string()),
            (
                "searches",
                pa.list_(
                    pa.struct(
                        [
                            ("ts", MOMENT),
                            ("search_term", pa.string()),
                            ("channel", pa.string()),
                        ]
                    )
                ),
            ),
        ]
    ),
)
