"""Which columns of its inputs a column of a derived asset is made from, read off its expression.

Walks Ibis's graph instead of parsing SQL: each column of each relation is looked at once
(measured: 0.6 s for the largest asset, where a lineage of its SQL by sqlglot took 15 s).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import ibis
import ibis.expr.operations as ops

from mercato.data.asset import Apart, Asset, DeriveContext

Column = tuple[str, str]
"""(asset, column)"""


class Direct(IntEnum):
    """How a value goes into another one; what stands later says more
    (https://openlineage.io/docs/spec/facets/dataset-facets/column_lineage_facet)."""

    IDENTITY = 0
    TRANSFORMATION = 1
    AGGREGATION = 2


class Indirect(IntEnum):
    """How a column decides which rows there are."""

    FILTER = 0
    JOIN = 1
    GROUP_BY = 2
    SORT = 3


@dataclass(frozen=True)
class ColumnLineage:
    """columns : column → the input columns that its values are made from
    whole   : input columns that decide which rows there are, and how
    """

    columns: Mapping[str, Mapping[Column, Direct]]
    whole: frozenset[tuple[Column, Indirect]]


def column_lineage(asset: Asset, schemas: Mapping[str, Any]) -> ColumnLineage | None:
    """Of a derived asset over inputs with these schemas; None where it cannot be told, as for
    columns that are computed outside the expression."""
    assert asset.build is not None
    tables = {name: ibis.table(ibis.schema(schemas[name]), name=name) for name in asset.inputs}
    built = asset.build(tables, DeriveContext(30))
    made = built.table if isinstance(built, Apart) else built
    walk = _Walk({})
    try:
        columns = {name: walk.sources(made.op(), name) for name in asset.schema.names}
        whole = frozenset(
            (column, kind)
            for value, kind in _deciding(made.op())
            for column in walk.of_value(value)
        )
    except _Untold:
        return None
    told = {column for found in columns.values() for column in found}
    told |= {column for column, _ in whole}
    return ColumnLineage(columns, whole) if all(t in tables for t, _ in told) else None


class _Untold(Exception):
    """A relation whose columns cannot be followed."""


@dataclass(frozen=True)
class _Walk:
    """Remembers what it found of each column of each relation."""

    known: dict[tuple[Any, str], dict[Column, Direct]]

    def sources(self, relation: Any, name: str) -> dict[Column, Direct]:
        key = (relation, name)
        if key not in self.known:
            self.known[key] = self._sources(relation, name)
        return self.known[key]

    def _sources(self, relation: Any, name: str) -> dict[Column, Direct]:
        if isinstance(relation, ops.UnboundTable):
            return {(relation.name, name): Direct.IDENTITY}
        if isinstance(relation, ops.Set):
            return _joined(self.sources(relation.left, name), self.sources(relation.right, name))
        if isinstance(relation, ops.Reference | ops.Distinct):
            return self.sources(relation.parent, name)
        if isinstance(relation, ops.PhysicalTable) or name not in relation.values:
            raise _Untold(name)
        return self.of_value(relation.values[name])

    def of_value(self, value: Any) -> dict[Column, Direct]:
        """The input columns of a value; an aggregation makes aggregations of all of them."""
        if isinstance(value, ops.Field):
            return self.sources(value.rel, value.name)
        if isinstance(value, ops.ArgMax):  # its key decides which value, and is none
            return dict.fromkeys(self.of_value(value.arg), Direct.AGGREGATION)
        plain = isinstance(value, ops.Alias)
        least = Direct.IDENTITY if plain else Direct.TRANSFORMATION
        if value.find(ops.Reduction, filter=ops.Value):
            least = Direct.AGGREGATION
        found: dict[Column, Direct] = {}
        for field in value.find(ops.Field, filter=ops.Value):
            parts = self.sources(field.rel, field.name)
            found = _joined(found, {column: max(how, least) for column, how in parts.items()})
        return found


def _joined(one: dict[Column, Direct], other: dict[Column, Direct]) -> dict[Column, Direct]:
    return one | {column: max(how, one.get(column, how)) for column, how in other.items()}


def _deciding(node: Any) -> Iterator[tuple[Any, Indirect]]:
    """The values by which rows are chosen, joined, grouped and sorted, in the whole graph."""
    for relation in node.find(ops.Relation):
        if isinstance(relation, ops.Filter):
            yield from ((value, Indirect.FILTER) for value in relation.predicates)
        elif isinstance(relation, ops.JoinChain):
            links = (value for link in relation.rest for value in link.predicates)
            yield from ((value, Indirect.JOIN) for value in links)
        elif isinstance(relation, ops.Aggregate):
            yield from ((value, Indirect.GROUP_BY) for value in relation.groups.values())
        elif isinstance(relation, ops.Sort):
            yield from ((key, Indirect.SORT) for key in relation.keys)
