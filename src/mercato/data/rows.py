"""From a raw batch to the columns of an asset, and the rows that fail its checks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from mercato.core import columns as c
from mercato.core.columns import Availability
from mercato.data import casts
from mercato.data.asset import Asset
from mercato.data.attributes import packed
from mercato.data.checks import Rows, first_failures
from mercato.data.cleaning.running import cleaned, cleaned_cells
from mercato.data.cleaning.step import CleanCount, CleaningContext, added
from mercato.data.importers.raw import RawBatch, Refusal

PriceUnit = Literal["major", "cents"]


@dataclass(frozen=True)
class Conversion:
    """How the rows of one import are read.

    mapping  : our column → the source's
    currency : of amounts beside which none stands
    context  : what cleaning may know
    """

    asset: Asset
    mapping: Mapping[str, str]
    price_unit: PriceUnit
    currency: str
    context: CleaningContext = field(default_factory=CleaningContext)


@dataclass(frozen=True)
class Checked:
    """What came of a batch.

    rows    : those that passed, as the asset's columns
    lines   : (n,) where they stand
    cleaned : what was changed, by step, also of rows that did not pass
    """

    rows: pa.RecordBatch
    lines: pa.Int64Array
    refusals: tuple[Refusal, ...]
    cleaned: tuple[CleanCount, ...] = ()


def checked(batch: RawBatch, conversion: Conversion) -> Checked:
    """Cast and clean a batch's columns, and part its rows by the asset's checks."""
    asset = conversion.asset
    written, further = _named(batch, conversion)
    raw, counts = cleaned_cells(written, asset.cleaning)
    typed = {
        field.name: _cast(asset, field, raw.get(field.name), len(batch.lines))
        for field in asset.schema
    }
    _fill(typed, raw, conversion)
    if c.ATTRIBUTES in typed:
        attributes = packed(further, typed[c.ATTRIBUTES], batch.rest)
        typed[c.ATTRIBUTES] = attributes if attributes is not None else typed[c.ATTRIBUTES]
    rows = Rows(raw, pa.record_batch(list(typed.values()), schema=asset.schema))
    rows, further_counts = cleaned(rows, asset.cleaning, conversion.context)
    counts = added(counts, further_counts)
    first = first_failures(rows, asset.checks)
    if first.null_count == len(first):
        return Checked(rows.typed, batch.lines, batch.refusals, counts)
    good = pc.is_null(first)
    refusals = batch.refusals + tuple(_refused(batch, Rows(written, rows.typed), asset, first))
    return Checked(rows.typed.filter(good), batch.lines.filter(good), refusals, counts)


def _named(
    batch: RawBatch, conversion: Conversion
) -> tuple[dict[str, pa.Array], dict[str, pa.Array]]:
    """The batch's columns under our names, and those that have none of ours."""
    theirs = {source: ours for ours, source in conversion.mapping.items()}
    ours = set(conversion.asset.schema.names)
    raw: dict[str, pa.Array] = {}
    further: dict[str, pa.Array] = {}
    for name, column in batch.columns.items():
        if name in theirs:
            raw[theirs[name]] = _trimmed(column)
        elif name in ours and name not in conversion.mapping:
            raw[name] = _trimmed(column)
        else:
            further[name] = column
    return raw, further


def _trimmed(column: pa.Array) -> pa.Array:
    return casts.text(column) if casts.is_text(column.type) else column


_BY_TYPE: dict[pa.DataType, casts.Cast] = {
    pa.string(): casts.text,
    pa.float64(): casts.numbers,
    pa.int32(): casts.integers,
    casts.MOMENT: casts.moments,
}


def _cast(asset: Asset, field: pa.Field, raw: pa.Array | None, rows: int) -> pa.Array:
    if raw is None:
        return pa.nulls(rows, field.type)
    if pa.types.is_null(raw.type):
        return raw.cast(field.type)
    return asset.casts.get(field.name, _BY_TYPE[field.type])(raw).cast(field.type)


def _fill(typed: dict[str, pa.Array], raw: Mapping[str, pa.Array], how: Conversion) -> None:
    """What a source may leave out: the currency of an amount, availability, cents."""
    amounts = [name for name in (c.PRICE, c.SALE_PRICE, c.VALUE) if name in typed]
    if not amounts:
        return
    texts = [raw[name] for name in amounts if name in raw and casts.is_text(raw[name].type)]
    beside = [casts.currency_of_amounts(each) for each in texts]
    given = pc.coalesce(*beside, typed[c.CURRENCY])
    any_amount = pc.is_valid(pc.coalesce(*(typed[name] for name in amounts)))
    typed[c.CURRENCY] = pc.if_else(any_amount, pc.fill_null(given, how.currency), given)
    if how.price_unit == "cents":
        for name in amounts:
            typed[name] = pc.round(pc.divide(typed[name], 100.0), 2)
    if c.AVAILABILITY in typed:
        typed[c.AVAILABILITY] = pc.fill_null(typed[c.AVAILABILITY], str(Availability.IN_STOCK))


def _refused(batch: RawBatch, rows: Rows, asset: Asset, first: pa.Int32Array) -> list[Refusal]:
    written = dict(batch.columns)
    if batch.rest is not None:
        written["…"] = batch.rest
    found = []
    for row in pc.indices_nonzero(pc.is_valid(first)).to_pylist():
        check = asset.checks[first[row].as_py()]
        found.append(
            Refusal(
                line=batch.lines[row].as_py(),
                check=check.name,
                column=check.column,
                value=rows.raw_text(check.column, row),
                row=row_json(written, row),
                level="columns",
            )
        )
    return found


def row_json(columns: Mapping[str, pa.Array], row: int) -> str:
    """One row as it was written, for the quarantine."""
    fields = {name: column[row].as_py() for name, column in columns.items()}
    kept = {name: value for name, value in fields.items() if value is not None}
    return orjson.dumps(kept, default=str).decode()
