"""What every asset declares, in one place: schema, checks, inputs, how it is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import ibis
import pyarrow as pa

from mercato.core.settings import CleaningSettings, Identity
from mercato.data.casts import Cast
from mercato.data.checks import Check
from mercato.data.cleaning.step import Cleaning
from mercato.data.labels import Masking, Sensitivity
from mercato.data.provenance import PROVENANCE

Make = Callable[[pa.Table], pa.Table]
Narrow = Callable[[ibis.Table], ibis.Table]
"""Gives a table of the same columns."""


class Keep(Protocol):
    def __call__(self, table: ibis.Table, *, each: str | None = None) -> ibis.Table: ...


class Split(Protocol):
    def __call__(self, table: ibis.Table, by: str, *, apart: bool = False) -> ibis.Table: ...


def _keep(table: ibis.Table, *, each: str | None = None) -> ibis.Table:
    return table


def _split(table: ibis.Table, by: str, *, apart: bool = False) -> ibis.Table:
    return table


class Through(Protocol):
    def __call__(
        self, table: ibis.Table, make: Make, schema: pa.Schema, *, whole: bool = False
    ) -> ibis.Table: ...


def _through(
    table: ibis.Table, make: Make, schema: pa.Schema, *, whole: bool = False
) -> ibis.Table:
    return ibis.table(ibis.schema(schema))


@dataclass(frozen=True)
class DeriveContext:
    """What a derived asset may depend on besides its inputs, which are cut at ``until`` before
    ``build`` sees them, and the moments of `mercato.data.moments`.

    shop  : language and currency of what names none
    cleaning : what the shop says of outliers and of its own people
    keep  : gives a table of the same rows that is computed once, however often it is used;
            ``each``: of one value of that column after the other, see `Apart`
    split : gives a table of the same rows that lies in parts, each with all rows of some values of
            ``by``; ``apart``: computed of one such part after the other itself
    through : gives the table that a function of ours makes of a table's rows, in memory: of a
              batch at a time, or of the ``whole``; its code and the table's meaning are its own
    denied : users, and ``visitor:`` before visitors, who do not want to be known
    """

    session_gap_minutes: int
    shop: Identity = field(default_factory=Identity)
    cleaning: CleaningSettings = field(default_factory=CleaningSettings)
    keep: Keep = _keep
    split: Split = _split
    through: Through = _through
    denied: tuple[str, ...] = ()


@dataclass(frozen=True)
class Apart:
    """A table whose rows for a value of the column ``each`` come of that value's rows alone, in
    what was split by it: so it can be computed part after part, in the memory that one part takes.
    """

    table: ibis.Table
    each: str


Build = Callable[[Mapping[str, ibis.Table], DeriveContext], ibis.Table | Apart]


@dataclass(frozen=True)
class Asset:
    """One versioned table.

    keys   : the columns that identify a row; empty where rows have no identity
    traced : rows are stored with where they came from, see `mercato.data.provenance`
    keeps_order : imports leave the rows ordered by the keys (small tables), not as they came
    sensitivity : how far the asset may go
    personal : what a mask makes of the columns that belong to one person
    checks : what each row must be; the first that fails sends the row to quarantine
    casts  : how imported columns are read, beside the plain reading by type
    cleaning : what is changed of imported rows, in this order; each change is counted
    inputs : the assets that ``build`` is given
    build  : an Ibis expression over the inputs; None for assets that are imported or logged
    """

    name: str
    description: str
    owner: str
    schema: pa.Schema
    keys: tuple[str, ...] = ()
    traced: bool = False
    keeps_order: bool = False
    sensitivity: Sensitivity = Sensitivity.INTERNAL
    personal: Mapping[str, Masking] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    casts: Mapping[str, Cast] = field(default_factory=dict)
    cleaning: tuple[Cleaning, ...] = ()
    inputs: tuple[str, ...] = ()
    build: Build | None = None

    @property
    def stored(self) -> pa.Schema:
        """The columns of the table on disk: the schema, and the hidden ones."""
        return pa.schema([*self.schema, *PROVENANCE]) if self.traced else self.schema

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The columns that every source of this asset must have."""
        return tuple(str(check.column) for check in self.checks if check.name.endswith("-required"))
