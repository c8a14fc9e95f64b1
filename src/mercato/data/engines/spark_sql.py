"""Ibis expressions as Spark SQL that means what DuckDB's means.

Ibis's own backend for Spark would import pandas and ask for a session where only SQL is wanted;
its compiler does not.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import ibis
import pyarrow as pa
from ibis.backends.sql.compilers.base import NULL, SQLGlotCompiler
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from ibis.backends.sql.datatypes import PySparkType
from ibis.backends.sql.dialects import PySpark

from mercato.data.moments import VARIABLE


class _Compiler(PySparkCompiler):  # type: ignore[misc]
    """Without the option that takes NaN for null."""

    __slots__ = ()

    SIMPLE_OPS: Mapping[Any, str] = {}
    """Its methods are inherited; said anew they would stand before those below."""

    def visit_NonNullLiteral(self, op: Any, *, value: Any, dtype: Any) -> Any:
        if dtype.is_floating():
            return SQLGlotCompiler.visit_NonNullLiteral(self, op, value=value, dtype=dtype)
        return super().visit_NonNullLiteral(op, value=value, dtype=dtype)

    def visit_Field(self, op: Any, *, rel: Any, name: str) -> Any:
        return SQLGlotCompiler.visit_Field(self, op, rel=rel, name=name)

    def visit_IsNull(self, op: Any, *, arg: Any) -> Any:
        return arg.is_(NULL)

    def visit_NotNull(self, op: Any, *, arg: Any) -> Any:
        return SQLGlotCompiler.visit_NotNull(self, op, arg=arg)

    def visit_ExtractEpochSeconds(self, op: Any, *, arg: Any) -> Any:
        """With their fraction."""
        return self.f.unix_micros(arg) / 1e6

    def visit_DateTruncate(self, op: Any, *, arg: Any, unit: Any) -> Any:
        """A day, not a moment."""
        return self.cast(super().visit_DateTruncate(op, arg=arg, unit=unit), op.dtype)

    def visit_UnwrapJSONString(self, op: Any, *, arg: Any) -> Any:
        """Spark's get_json_object has taken the quotes off; Ibis's function for it needs pandas."""
        return arg


_COMPILER = _Compiler()


def spark_sql(table: ibis.Table, moments: Mapping[str, datetime | None]) -> str:
    """The SQL of an expression, with what the variables of `mercato.data.moments` stand for."""

    def told(node: Any, _: object, **arguments: Any) -> Any:
        if isinstance(node, VARIABLE):
            return ibis.literal(moments[node.args[0].value], "timestamp('UTC')").op()
        return node.__recreate__(arguments) if arguments else node

    op = table.op()
    if op.find(VARIABLE):
        op = op.replace(lambda node, kwargs: told(node, None, **(kwargs or {})))
    return str(_COMPILER.to_sqlglot(op.to_expr()).sql(dialect=PySpark))


def spark_schema(schema: pa.Schema) -> str:
    """As Spark declares it: ``name type, …``."""
    return ", ".join(f"`{name}` {kind}" for name, kind in spark_types(schema).items())


def spark_types(schema: pa.Schema) -> dict[str, str]:
    """Column → its type in Spark SQL."""
    types = ibis.schema(schema).items()
    return {name: PySparkType.from_ibis(kind).sql(dialect=PySpark) for name, kind in types}
