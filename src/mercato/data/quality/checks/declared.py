"""The asset's own checks of rows, over every row that it holds: ranges, accepted values, what is
required. Imports keep bad rows out; other writers of a table may not."""

from collections import Counter
from collections.abc import Iterator

from mercato.data.checks import Rows, first_failures
from mercato.data.quality.checks.table import Table
from mercato.data.quality.finding import Finding, Health


def rows_as_declared(table: Table) -> Iterator[Finding]:
    """One finding for all checks that pass, and one for each that fails."""
    checks = [check for check in table.asset.checks if check.fails is not None]
    if not checks:
        return
    failed: Counter[int] = Counter()
    for batch in table.engine.batches(table.rows, table.asset.schema):
        failed.update(first_failures(Rows({}, batch), checks).drop_null().to_pylist())
    for position, rows in failed.most_common():
        check = checks[position]
        yield table.finding(
            check.name, Health.FAILED, f"{rows:,} rows", check.expected, check.remedy
        )
    passed = len(checks) - len(failed)
    found = f"{passed} of {len(checks)} checks passed"
    yield table.finding("rows", Health.OK, found, f"{len(checks)} checks passed")
