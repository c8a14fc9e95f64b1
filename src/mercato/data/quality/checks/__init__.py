"""Checks of whole tables, one kind a file; which of them each asset has is declared here."""

from collections.abc import Iterator, Mapping

from mercato.core import columns as c
from mercato.data.quality.checks.declared import rows_as_declared
from mercato.data.quality.checks.freshness import fresh
from mercato.data.quality.checks.keys import unique_keys
from mercato.data.quality.checks.known import known_in
from mercato.data.quality.checks.schema import schema_as_declared
from mercato.data.quality.checks.table import Table, TableCheck
from mercato.data.quality.checks.volume import volume
from mercato.data.quality.finding import Finding

OF_EVERY_ASSET: tuple[TableCheck, ...] = (schema_as_declared, unique_keys, rows_as_declared)

FURTHER: Mapping[str, tuple[TableCheck, ...]] = {
    "items": (volume,),
    "events": (volume, known_in(c.ITEM_ID, "items", c.ID), fresh(c.TS)),
    "judgments": (volume, known_in(c.ITEM_ID, "items", c.ID)),
}
"""Asset → what is expected of it beside that."""


def findings_of(table: Table) -> Iterator[Finding]:
    """Every check of one asset. A table whose columns are not as declared is not looked at
    further."""
    (schema,) = schema_as_declared(table)
    yield schema
    if schema.health == "failed":
        return
    for check in (*OF_EVERY_ASSET[1:], *FURTHER.get(table.asset.name, ())):
        yield from check(table)
