"""Ids that name a row of another asset."""

from collections.abc import Iterator

from mercato.data.quality.checks.table import Table, TableCheck
from mercato.data.quality.finding import Finding, Health

MOST_UNKNOWN = 0.05
"""Share of rows. Assumed: products that were withdrawn stay in the log."""

MOST_BEFORE_FAILURE = 0.5
"""Share of rows from which the ids of the two assets are not the same ids at all."""


def known_in(column: str, other: str, key: str) -> TableCheck:
    """``column`` names rows of the asset ``other`` by its ``key``."""

    def check(table: Table) -> Iterator[Finding]:
        if other not in table.others:
            return
        named = table.rows.filter(table.rows[column].notnull())
        total = table.engine.count(named)
        ids = table.others[other].select(**{column: key})
        unknown = table.engine.count(named.anti_join(ids, column))
        share = unknown / total if total else 0.0
        failed = Health.FAILED if share > MOST_BEFORE_FAILURE else Health.WARNING
        yield table.finding(
            f"{column}-known",
            failed if share > MOST_UNKNOWN else Health.OK,
            f"{unknown:,} of {total:,} rows ({share:.1%}) name one that is not there",
            f"{column} of at least {1 - MOST_UNKNOWN:.0%} of rows among the {other}",
            f"Import the {other} that lack, under the ids that the {table.asset.name} use.",
        )

    return check
