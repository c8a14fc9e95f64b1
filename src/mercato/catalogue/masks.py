"""Which rows a filter lets through."""

import difflib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.columns import Column, Columns
from mercato.catalogue.filters import And, Filter, Not, Range, Term
from mercato.catalogue.values import STANDARD_FIELDS
from mercato.core import columns as c
from mercato.core.errors import BadInput


def known_field(name: str, columns: Columns) -> str:
    """The field that a name means: its own, or the one that differs from it only in case.

    Raises BadInput where there is none, naming the nearest.
    """
    if name in STANDARD_FIELDS or name in columns:
        return name
    known = {*STANDARD_FIELDS, *columns.names()}
    folded = sorted(each for each in known if each.casefold() == name.casefold())
    if folded:
        return folded[0]
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.0)
    raise BadInput("a field that items have", repr(name), f"Did you mean {near[0]!r}?")


def mask_of(
    wanted: Filter,
    columns: Columns,
    n_rows: int,
    row_of_id: Callable[[str], int | None],
) -> NDArray[np.bool_]:
    """(n_rows,) bool."""
    if isinstance(wanted, Term | Range):
        mask = np.zeros(n_rows, bool)
        name = known_field(wanted.field, columns)
        if name == c.ID:
            _let_id_through(wanted, mask, row_of_id)
        else:
            _let_values_through(wanted, columns[name], mask)
        return mask
    if isinstance(wanted, Not):
        return ~mask_of(wanted.part, columns, n_rows, row_of_id)
    masks = [mask_of(part, columns, n_rows, row_of_id) for part in wanted.parts]
    join = np.logical_and if isinstance(wanted, And) else np.logical_or
    return np.asarray(join.reduce(masks))


def _let_id_through(
    wanted: Term | Range, mask: NDArray[np.bool_], row_of_id: Callable[[str], int | None]
) -> None:
    if isinstance(wanted, Range):
        raise BadInput("one id", str(wanted), 'Write it like id:"A-1".')
    row = row_of_id(wanted.value)
    if row is not None:
        mask[row] = True


def _let_values_through(wanted: Term | Range, column: Column, mask: NDArray[np.bool_]) -> None:
    if isinstance(wanted, Term):
        code = column.code(wanted.value)
        if code is not None:
            for rows in column.rows_of(code):
                mask[rows] = True
        return
    for rows in column.rows_where(numbers_in(column.numbers, wanted)):
        mask[rows] = True


def numbers_in(numbers: NDArray[np.float64], wanted: Range) -> NDArray[np.bool_]:
    """(n,) which numbers lie in a range; NaN in none."""
    below = numbers < wanted.high if wanted.half_open else numbers <= wanted.high
    return (numbers >= wanted.low) & below
