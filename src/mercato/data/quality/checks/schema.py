"""The columns on disk are those that the asset declares."""

from collections.abc import Iterator

from mercato.data.quality.checks.table import Table
from mercato.data.quality.finding import Finding, Health
from mercato.data.versions.summary import schema_of

_REMEDY = "Import or build it again with this Mercato; older versions are still there."


def schema_as_declared(table: Table) -> Iterator[Finding]:
    """A column that lacks is a warning, it reads as null; one of another type fails."""
    declared = table.asset.schema
    stored = schema_of(table.store, table.asset.name, table.version)
    lacking = [name for name in declared.names if name not in stored.names]
    other = [
        f"{field.name} as {stored.field(field.name).type}"
        for field in declared
        if field.name in stored.names and not _same(stored.field(field.name).type, field.type)
    ]
    health = Health.FAILED if other else Health.WARNING if lacking else Health.OK
    said = [f"no {name}" for name in lacking] + other
    found = "; ".join(said) or f"{len(declared)} columns"
    yield table.finding("schema", health, found, f"{len(declared)} columns as declared", _REMEDY)


def _same(stored: object, declared: object) -> bool:
    """Delta gives texts back as views or large texts; they hold the same."""
    return _plain(stored) == _plain(declared)


def _plain(kind: object) -> str:
    return str(kind).replace("large_", "").replace("_view", "").replace("element", "item")
