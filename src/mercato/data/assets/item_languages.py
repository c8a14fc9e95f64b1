"""The language in which each product is described, as its letters tell."""

from collections.abc import Mapping

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from mercato.data.asset import Asset, DeriveContext
from mercato.data.checks import required
from mercato.data.languages import languages_of

_SCHEMA = pa.schema(
    [("item_id", pa.string()), ("language", pa.string()), ("probability", pa.float64())]
)


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """Of title and description; products with fewer than 40 letters of both have no row."""
    items = tables["items"].select("id", "title", "description")
    return context.through(items, detected, _SCHEMA)


def detected(items: pa.Table) -> pa.Table:
    """(item_id, language, probability) of those products that say enough."""
    items = items.combine_chunks()
    parts = (pc.fill_null(items[name].combine_chunks(), "") for name in ("title", "description"))
    language, probability = languages_of(pc.binary_join_element_wise(*parts, " "))
    found = pa.table([items["id"], language, probability], schema=_SCHEMA)
    return found.filter(pc.is_valid(found["language"]))


ITEM_LANGUAGES = Asset(
    name="item_languages",
    description="The language of each product's title and description, and how sure that is.",
    owner="catalogue",
    keys=("item_id",),
    inputs=("items",),
    build=build,
    checks=(required("item_id", "Report this."),),
    schema=_SCHEMA,
)
