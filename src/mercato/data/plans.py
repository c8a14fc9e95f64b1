"""What a derived asset is, in steps over tables that are known by name.

Nothing in a plan depends on versions or moments, and Ibis takes most of the time that deriving
from a small log takes: a process makes each plan, and compiles it, once.
"""

import hashlib
import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import ibis
import pyarrow as pa
from ibis.expr.operations import UnboundTable

from mercato.data.asset import Apart, Asset, Build, DeriveContext, Make
from mercato.data.engines.expressions import checksum
from mercato.data.engines.protocol import Made, TableEngine
from mercato.data.moments import VARIABLE, before_until

CUT = ("events", "answers")
"""The inputs of which nothing at or after ``until`` is used."""


@dataclass(frozen=True)
class Step:
    """A table that is computed once, under a name that its meaning gives it.

    made : by which function of ours; None where the rows are the table's own
    by   : the column by which it is split; None where it is not
    of   : names of split tables, with the same parts, of which it is computed part after part;
           empty: at once
    """

    name: str
    table: ibis.Table
    made: Made | None = None
    by: str | None = None
    of: tuple[str, ...] = ()

    def run(self, engine: TableEngine) -> None:
        """The engine knows the table by its name afterwards."""
        if self.by is not None:
            engine.split(self.name, self.table, self.by, self.of)
        elif self.made is None:
            engine.keep(self.name, self.table, self.of)
        else:
            engine.through(self.name, self.table, self.made)


@dataclass(frozen=True)
class Plan:
    """An asset over inputs that are named as they are.

    steps : each over the inputs and over the steps before it
    """

    steps: tuple[Step, ...]
    result: Step

    @property
    def meaning(self) -> str:
        """Changes where the code or a setting does."""
        return self.result.name

    @cached_property
    def kept(self) -> frozenset[str]:
        """The names of its steps."""
        return frozenset(step.name for step in self.steps)

    @cached_property
    def moments(self) -> tuple[str, ...]:
        """The variables that it reads."""
        tables = [step.table for step in (*self.steps, self.result)]
        found = {node.args[0].value for table in tables for node in table.op().find(VARIABLE)}
        return tuple(sorted(found))

    def run(self, engine: TableEngine, schema: pa.Schema) -> pa.RecordBatchReader:
        """The asset's rows, as they come. The engine knows the inputs by name, and the moments."""
        for step in self.steps:
            step.run(engine)
        return engine.result(self.result.name, self.result.table, schema, self.result.of)


def planned(asset: Asset, schemas: Mapping[str, pa.Schema], context: DeriveContext) -> Plan:
    """How a derived asset is made of inputs with these schemas."""
    assert asset.build is not None
    inputs = tuple((name, schemas[name]) for name in asset.inputs)
    return _planned(asset.build, inputs, tuple(asset.schema.names), asset.keys, context)


@lru_cache(maxsize=128)
def _planned(
    build: Build,
    inputs: tuple[tuple[str, pa.Schema], ...],
    columns: tuple[str, ...],
    keys: tuple[str, ...],
    context: DeriveContext,
) -> Plan:
    steps: dict[str, Step] = {}

    def named(step: Step, schema: ibis.Schema) -> ibis.Table:
        steps[step.name] = step
        return ibis.table(schema, name=step.name)

    def split_of(table: ibis.Table, by: str) -> tuple[str, ...]:
        """The tables split by ``by`` that the expression is over; none where their parts are not
        the same."""
        names = {each.name for each in table.op().find(UnboundTable)}
        found = sorted(name for name in names if name in steps and steps[name].by == by)
        return tuple(found) if len({first(name) for name in found}) == 1 else ()

    def first(name: str) -> str:
        """Of which table the parts were made first."""
        return first(steps[name].of[0]) if steps[name].of else name

    def keep(table: ibis.Table, *, each: str | None = None) -> ibis.Table:
        of = () if each is None else split_of(table, each)
        return named(Step(checksum(table), table, of=of), table.schema())

    def split(table: ibis.Table, by: str, *, apart: bool = False) -> ibis.Table:
        name = hashlib.sha256(f"{by} {checksum(table)}".encode()).hexdigest()
        of = split_of(table, by) if apart else ()
        return named(Step(name, table, by=by, of=of), table.schema())

    def through(
        table: ibis.Table, make: Make, schema: pa.Schema, *, whole: bool = False
    ) -> ibis.Table:
        code = inspect.getsource(sys.modules[make.__module__]) + make.__qualname__
        name = hashlib.sha256((code + checksum(table)).encode()).hexdigest()
        return named(Step(name, table, Made(make, schema, whole)), ibis.schema(schema))

    tables = {name: ibis.table(ibis.schema(schema), name=name) for name, schema in inputs}
    tables |= {name: before_until(tables[name]) for name in CUT if name in tables}
    built = build(tables, replace(context, keep=keep, split=split, through=through))
    table = built.table if isinstance(built, Apart) else built
    made = table.select(*columns).order_by(list(keys))
    of = split_of(made, built.each) if isinstance(built, Apart) else ()
    return Plan(tuple(steps.values()), Step(checksum(made), made, of=of))
