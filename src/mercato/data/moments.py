"""Moments that a derived asset is computed for: variables in its expression, which is the same
whenever it is computed."""

import ibis
import ibis.expr.datatypes as types


@ibis.udf.scalar.builtin(  # type: ignore[untyped-decorator]
    name="getvariable", signature=((str,), types.Timestamp("UTC"))
)
def _variable(called: str) -> ibis.Value:
    """What the engine was told of a name, see `mercato.data.engines.Engine.tell`."""


UNTIL = _variable("until")
"""No event at or after it is used; null where all are."""

LOGGED_AT = _variable("logged_at")
"""When the newest version of ``events`` was committed; null where there is none."""

VARIABLE = type(UNTIL.op())
"""The node of an expression that reads one."""


def before_until(lines: ibis.Table) -> ibis.Table:
    """Those whose ``ts`` lies before `UNTIL`."""
    return lines.filter(UNTIL.isnull() | (lines.ts < UNTIL))
