"""Every column of items and events: how much of it is filled, how much is valid, how it varies."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import ibis

from mercato.core import columns as c
from mercato.core.columns import Availability, Event
from mercato.data.asset import Asset
from mercato.data.currencies import CURRENCIES
from mercato.data.engines import Engine
from mercato.data.quality.gtin import is_gtin

FIELDS_OF = ("items", "events")
"""Assets whose fields are scored."""


def _address(values: ibis.Value) -> ibis.Value:
    return values.re_search(r"^https?://[^\s]+$")


VALID: Mapping[str, Callable[[ibis.Value], ibis.Value]] = {
    c.LINK: _address,
    c.IMAGE_LINK: _address,
    c.GTIN: is_gtin,
    c.AVAILABILITY: lambda values: values.isin(list(Availability)),
    c.CURRENCY: lambda values: values.isin(sorted(CURRENCIES)),
    c.PRICE: lambda values: values >= 0,
    c.SALE_PRICE: lambda values: values >= 0,
    c.EVENT: lambda values: values.isin(list(Event)),
    c.QUANTITY: lambda values: values >= 0,
}
"""Column → what its values must be; of others every value is valid."""


@dataclass(frozen=True)
class FieldScore:
    """filled : share of rows with a value; valid : share of those whose value is
    valid, None where there is none; distinct : values, about (HyperLogLog)"""

    asset: str
    column: str
    filled: float
    valid: float | None
    distinct: int

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def field_scores(engine: Engine, asset: Asset, rows: ibis.Table) -> list[FieldScore]:
    """One score a column, in the order of the schema."""
    names = asset.schema.names
    counted = engine.table(
        rows.aggregate(
            rows=rows.count(),
            **{f"filled_{name}": rows[name].count() for name in names},
            **{f"valid_{name}": _valid(rows, name) for name in names},
            **{f"distinct_{name}": rows[name].nunique() for name in names},
        )
    ).to_pylist()[0]
    return [
        FieldScore(
            asset=asset.name,
            column=name,
            filled=_share(counted[f"filled_{name}"], counted["rows"]) or 0.0,
            valid=_share(counted[f"valid_{name}"], counted[f"filled_{name}"]),
            distinct=counted[f"distinct_{name}"],
        )
        for name in names
    ]


def _valid(rows: ibis.Table, name: str) -> ibis.Value:
    column = rows[name]
    return VALID[name](column).sum().fill_null(0) if name in VALID else column.count()


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
