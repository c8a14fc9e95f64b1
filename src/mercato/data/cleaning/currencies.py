"""Amounts in other currencies than the shop's."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mercato.core import columns as c
from mercato.core.errors import BadInput
from mercato.data.attributes import packed
from mercato.data.checks import Rows
from mercato.data.cleaning.step import Cleaning, CleaningContext, Outcome
from mercato.data.currencies import CURRENCIES


def parse_rates(written: Sequence[str], currency: str) -> dict[str, float]:
    """``EUR=1.08`` → {"EUR": 1.08}.

    Raises BadInput for what is no known currency and a positive number, or the shop's own.
    """
    rates = {}
    for each in written:
        code, _, number = (part.strip() for part in each.partition("="))
        try:
            rate = float(number)
        except ValueError:
            rate = 0.0
        if code not in CURRENCIES - {currency} or not 0 < rate < np.inf:
            raise BadInput(
                f"cleaning.exchange_rates as what one unit is worth in {currency}: EUR=1.08",
                repr(each),
                "Mend shop.toml.",
            )
        rates[code] = rate
    return rates


def converted_currency(amounts: Sequence[str]) -> Cleaning:
    """``amounts`` : columns of amounts in ``currency``"""

    def apply(rows: Rows, context: CleaningContext) -> Outcome | None:
        codes = rows.typed[c.CURRENCY]
        known = pa.array(list(context.rates), pa.string())
        concerned = pc.is_in(codes, value_set=known)
        if not concerned.true_count:
            return None
        rates = pa.array(context.rates.values(), pa.float64()).take(
            pc.index_in(codes, value_set=known)
        )
        changed: dict[str, pa.Array] = {}
        for name in amounts:
            before = rows.typed[name]
            changed[name] = pc.coalesce(pc.round(pc.multiply(before, rates), 4), before)
        changed[c.CURRENCY] = pc.if_else(concerned, context.currency, codes)
        changed[c.ATTRIBUTES] = _with_originals(rows.typed, (*amounts, c.CURRENCY), concerned)
        return Outcome(changed, noted=concerned)

    return Cleaning(
        "currency-converted",
        (*amounts, c.CURRENCY),
        "Amounts in a currency of `[cleaning] exchange_rates` are converted into the shop's; the "
        "attributes `original_…` keep what was written.",
        apply,
    )


def _with_originals(
    typed: pa.RecordBatch, names: Sequence[str], concerned: pa.BooleanArray
) -> pa.Array:
    there = typed.filter(concerned)
    originals = {f"original_{name}": there[name] for name in names}
    merged = packed(originals, there[c.ATTRIBUTES])
    return pc.replace_with_mask(typed[c.ATTRIBUTES], concerned, merged)


def foreign_currency() -> Cleaning:
    """Declared behind `converted_currency`."""

    def apply(rows: Rows, context: CleaningContext) -> Outcome | None:
        codes = rows.typed[c.CURRENCY]
        accepted = pc.is_in(codes, value_set=_ACCEPTED)
        foreign = pc.fill_null(pc.and_(accepted, pc.not_equal(codes, context.currency)), False)
        return Outcome({}, noted=foreign) if foreign.true_count else None

    return Cleaning(
        "currency-foreign",
        (c.CURRENCY,),
        "Amounts in a currency without an exchange rate stay as they are, and are counted.",
        apply,
    )


_ACCEPTED = pa.array(sorted(CURRENCIES), pa.string())
