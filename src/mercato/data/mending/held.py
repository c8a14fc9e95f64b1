"""Rows of the quarantine: which they are, and what was expected of them."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mercato.data.assets import ASSETS
from mercato.data.assets.quarantine import QUARANTINE
from mercato.data.checks import ROW_CHECKS, Check
from mercato.data.importers.raw import Level
from mercato.data.importers.signatures import Kind
from mercato.data.rows import PriceUnit
from mercato.data.store import AssetStore

_IDENTITY = ("asset", "source", "source_sha256", "source_line", "check", "row")


@dataclass(frozen=True)
class RowReading:
    """How a row was read when it was refused.

    format : its dialect; None where an older Mercato did not keep it
    kind   : what the source's bytes looked like
    level  : how far the row had come
    """

    format: str | None = None
    kind: Kind = "empty"
    level: Level = "columns"
    mapping: Mapping[str, str] = field(default_factory=dict)
    price_unit: PriceUnit = "major"
    date_format: str | None = None

    @classmethod
    def from_json(cls, text: str | None) -> "RowReading":
        known = {each.name for each in fields(cls)}
        given = json.loads(text or "{}")
        return cls(**{name: value for name, value in given.items() if name in known})


@dataclass(frozen=True)
class Selection:
    """Of the quarantine the rows for ``asset`` that failed ``check`` and came from ``source``;
    None: any."""

    asset: str | None = None
    check: str | None = None
    source: str | None = None

    def of(self, table: pa.Table) -> pa.Table:
        for each in fields(self):
            if (wanted := getattr(self, each.name)) is not None:
                table = table.filter(pc.equal(table[each.name], wanted))
        return table


@dataclass(frozen=True)
class HeldRow:
    """A row of the quarantine; the fields are the asset's columns."""

    source: str
    source_line: int
    asset: str
    check: str
    column: str | None
    value: str | None
    row: str
    imported_at: datetime
    source_sha256: str
    reading: str | None

    @property
    def key(self) -> str:
        """Names it among all others; 128 bits, as hexadecimal digits."""
        said = json.dumps([getattr(self, name) for name in _IDENTITY])
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    @property
    def place(self) -> str:
        return f"{self.source}:{self.source_line}"

    @property
    def declared(self) -> Check:
        """The check that the row failed; an empty one where it is declared no more."""
        asset = ASSETS.get(self.asset)
        known = (*ROW_CHECKS, *(asset.checks if asset else ()))
        nameless = Check(self.check, self.column, "", "")
        return next((check for check in known if check.name == self.check), nameless)


def quarantine_table(store: AssetStore, version: int | None) -> pa.Table:
    """All rows of a version; none where the asset was never committed. Columns that an older
    version lacks are null."""
    if version is None:
        return QUARANTINE.schema.empty_table()
    found = store.read(QUARANTINE.name, version)
    for each in QUARANTINE.schema:
        if each.name not in found.schema.names:
            found = found.append_column(each, pa.nulls(len(found), each.type))
    keys = [(name, "ascending") for name in ("asset", "source", "source_line")]
    return found.select(QUARANTINE.schema.names).sort_by(keys)


def held_rows(table: pa.Table) -> Iterator[HeldRow]:
    """The rows of `quarantine_table`, in its order."""
    for batch in table.to_batches():
        for row in batch.to_pylist():
            yield HeldRow(**row)


def counts(table: pa.Table) -> list[tuple[str, str, int]]:
    """(asset, check, rows), the most frequent first."""
    pairs: list[Any] = list(
        zip(table["asset"].to_pylist(), table["check"].to_pylist(), strict=True)
    )
    ordered = sorted(Counter(pairs).items(), key=lambda each: (-each[1], each[0]))
    return [(asset, check, rows) for (asset, check), rows in ordered]
