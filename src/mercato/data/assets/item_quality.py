"""How complete the entry of every product is."""

from collections.abc import Mapping

import ibis
import pyarrow as pa

from mercato.core import columns as c
from mercato.data.asset import Asset, DeriveContext
from mercato.data.checks import required
from mercato.data.quality.scoring import PARTS


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """One row a product: the weights of the parts that it meets, and the names of the others."""
    items = tables["items"]
    met = {part: part.met(items).fill_null(False) for part in PARTS}
    score = sum((ibis.ifelse(met[part], part.weight, 0) for part in PARTS), ibis.literal(0))
    lacks = ibis.array(
        [ibis.ifelse(met[part], ibis.null("string"), part.name) for part in PARTS]
    ).filter(lambda name: name.notnull())
    return items.select(item_id=items[c.ID], score=score.cast("int32"), lacks=lacks)


ITEM_QUALITY = Asset(
    name="item_quality",
    description="How complete the entry of every product is, 0 to 100, and what it lacks.",
    owner="catalogue",
    keys=("item_id",),
    inputs=("items",),
    build=build,
    checks=(required("item_id", "Report this."), required("score", "Report this.")),
    schema=pa.schema(
        [("item_id", pa.string()), ("score", pa.int32()), ("lacks", pa.list_(pa.string()))]
    ),
)
