"""Which rows a filter lets through."""

import difflib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.columns import Column, Columns
from mercato.catalogue.filters import And, Filter, Not, Or, Range, Term
from mercato.catalogue.values import STANDARD_FIELDS
from mercato.core import columns as c
from mercato.core.errors import BadInput

_LONGEST_NAME = 100
"""Characters of an unknown name that are repeated, and compared with the known ones."""


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
    shown = name[:_LONGEST_NAME]
    near = difflib.get_close_matches(shown, sorted(known), n=1, cutoff=0.0)
    raise BadInput("a field that items have", repr(shown), f"Did you mean {near[0]!r}?")


def mask_of(
    wanted: Filter,
    columns: Columns,
    n_rows: int,
    row_of_id: Callable[[str], int | None],
) -> NDArray[np.bool_]:
    """(n_rows,) bool."""
    if isinstance(wanted, Not):
        return ~mask_of(wanted.part, columns, n_rows, row_of_id)
    if isinstance(wanted, And):
        mask = np.ones(n_rows, bool)
        for part in wanted.parts:
            mask &= mask_of(part, columns, n_rows, row_of_id)
        return mask
    mask = np.zeros(n_rows, bool)
    of_field: dict[str, list[Term | Range]] = {}
    for part in wanted.parts if isinstance(wanted, Or) else (wanted,):
        if isinstance(part, Term | Range):
            of_field.setdefault(known_field(part.field, columns), []).append(part)
        else:
            mask |= mask_of(part, columns, n_rows, row_of_id)
    for name, parts in of_field.items():
        if name == c.ID:
            _let_ids_through(parts, mask, row_of_id)
        else:
            _let_values_through(parts, columns[name], mask)
    return mask


def _let_ids_through(
    parts: Sequence[Term | Range],
    mask: NDArray[np.bool_],
    row_of_id: Callable[[str], int | None],
) -> None:
    for wanted in parts:
        if isinstance(wanted, Range):
            raise BadInput("one id", str(wanted), 'Write it like id:"A-1".')
        row = row_of_id(wanted.value)
        if row is not None:
            mask[row] = True


def _let_values_through(
    parts: Sequence[Term | Range], column: Column, mask: NDArray[np.bool_]
) -> None:
    """Rows with any of the values, in one look over the column."""
    wanted = np.zeros(len(column.numbers), bool)
    for part in parts:
        if isinstance(part, Range):
            wanted |= numbers_in(column.numbers, part)
        elif (code := column.code(part.value)) is not None:
            wanted[code] = True
    if wanted.any():
        for rows in column.rows_where(wanted):
            mask[rows] = True


def numbers_in(numbers: NDArray[np.float64], wanted: Range) -> NDArray[np.bool_]:
    """(n,) which numbers lie in a range; NaN in none."""
    below = numbers < wanted.high if wanted.half_open else numbers <= wanted.high
    return (numbers >= wanted.low) & below
