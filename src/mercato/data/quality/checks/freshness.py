"""How old the newest row is."""

from collections.abc import Iterator

from mercato.data.quality.checks.table import Table, TableCheck
from mercato.data.quality.finding import Finding, Health


def fresh(column: str) -> TableCheck:
    """The newest ``column`` is at most ``max_age_days`` before the shop's now."""

    def check(table: Table) -> Iterator[Finding]:
        if not table.count:
            return
        newest = table.rows.aggregate(newest=table.rows[column].max())
        at = table.engine.table(newest)["newest"][0].as_py()
        if at is None:
            return
        age = (table.now - at).total_seconds() / 86_400
        most = table.settings.max_age_days
        expected = f"at most {most} days old" if most else "any age (max_age_days = 0)"
        yield table.finding(
            "fresh",
            Health.FAILED if most and age > most else Health.OK,
            f"newest {at:%Y-%m-%d %H:%M} UTC, {max(age, 0):,.1f} days old",
            expected,
            "Import what came since; or raise max_age_days under [quality] in shop.toml.",
        )

    return check
