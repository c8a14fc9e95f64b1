"""How many rows there are, against the version before."""

from collections.abc import Iterator

from mercato.core.errors import NotFound
from mercato.data.quality.checks.table import Table
from mercato.data.quality.finding import Finding, Health
from mercato.data.versions.summary import summary

MOST_LOST = 0.5
"""Share of rows that the newest version may lack of the one before. Assumed."""


def volume(table: Table) -> Iterator[Finding]:
    """No rows fail; half as many as before are a warning."""
    expected = "rows, and at least half as many as the version before"
    if not table.count:
        yield table.finding("volume", Health.FAILED, "no rows", expected, "Import it again.")
        return
    before = _rows_before(table)
    lost = before is not None and table.count < (1 - MOST_LOST) * before
    found = f"{table.count:,} rows" + ("" if before is None else f", {before:,} before")
    yield table.finding(
        "volume",
        Health.WARNING if lost else Health.OK,
        found,
        expected,
        "If rows were lost, import the whole source again.",
    )


def _rows_before(table: Table) -> int | None:
    """None where the version before is not there any more."""
    if table.version == 0:
        return None
    try:
        return summary(table.store, table.asset.name, table.version - 1).rows
    except NotFound:
        return None
