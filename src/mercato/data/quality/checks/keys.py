"""Every row has an identity of its own."""

from collections.abc import Iterator

from mercato.data.quality.checks.table import Table
from mercato.data.quality.finding import Finding, Health


def unique_keys(table: Table) -> Iterator[Finding]:
    keys = table.asset.keys
    if not keys:
        return
    repeated = table.count - table.engine.count(table.rows.select(keys).distinct())
    yield table.finding(
        "unique",
        Health.FAILED if repeated else Health.OK,
        f"{repeated:,} rows too many" if repeated else f"{table.count:,} different rows",
        f"each {' and '.join(keys)} once",
        "Something else than Mercato wrote to the asset; import the source again.",
    )
