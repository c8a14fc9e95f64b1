"""Runs the steps that an asset declares, in their order, and counts what each did."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from mercato.data.checks import Rows
from mercato.data.cleaning.step import CleanCount, Cleaning, CleaningContext, Outcome, added

_LONGEST = 200
"""Characters of an example."""


def cleaned_cells(
    raw: Mapping[str, pa.Array], steps: Iterable[Cleaning]
) -> tuple[dict[str, pa.Array], tuple[CleanCount, ...]]:
    """Columns as they are to be read, and what was changed of what their source wrote."""
    cells = dict(raw)
    counts = []
    for step in steps:
        if step.written is None:
            continue
        there = [name for name in step.columns if name in cells]
        pairs = {name: (cells[name], step.written(cells[name])) for name in there}
        changed = [pair for pair in pairs.values() if pair[1] is not pair[0]]
        masks = [_differs(*pair) for pair in changed]
        if masks:
            noted = reduce(pc.or_, masks)
            counts.append(replace(_first(step.name, masks[0], *changed[0]), rows=noted.true_count))
            cells |= {name: after for name, (_, after) in pairs.items()}
    return cells, added(counts)


def cleaned(
    rows: Rows, steps: Iterable[Cleaning], context: CleaningContext
) -> tuple[Rows, tuple[CleanCount, ...]]:
    """A batch after all steps that see batches; steps that found nothing are not counted."""
    counts = []
    for step in steps:
        outcome = step.apply(rows, context) if step.apply else None
        if outcome is None:
            continue
        count = _counted(step, rows, outcome)
        if count is not None:
            counts.append(count)
            rows = _after(rows, outcome)
    return rows, tuple(counts)


def _after(rows: Rows, outcome: Outcome) -> Rows:
    names = rows.typed.schema.names
    columns = [outcome.typed.get(name, rows.typed[name]) for name in names]
    typed = pa.record_batch(columns, schema=rows.typed.schema)
    return Rows(rows.raw, typed)


def _counted(step: Cleaning, rows: Rows, outcome: Outcome) -> CleanCount | None:
    """None where no row is concerned; the example is of the first column that shows one."""
    pairs = [_before_and_after(rows, name, after) for name, after in outcome.typed.items()]
    masks = [_differs(before, after) for before, after in pairs]
    noted = outcome.noted if outcome.noted is not None else reduce(pc.or_, masks)
    if not noted.true_count:
        return None
    for (before, after), mask in zip(pairs, masks, strict=True):
        if mask.true_count:
            return replace(_first(step.name, mask, before, after), rows=noted.true_count)
    kept = rows.typed[step.columns[0]]
    return _first(step.name, noted, kept, kept)


def _before_and_after(rows: Rows, name: str, after: pa.Array) -> tuple[pa.Array, pa.Array]:
    """A value that nobody had understood yet stands as it was written."""
    before = rows.typed[name]
    if name in rows.raw and before.null_count > after.null_count:
        written = rows.raw[name].cast(pa.string())
        return pc.coalesce(before.cast(pa.string()), written), after.cast(pa.string())
    return before, after


def _first(step: str, mask: pa.BooleanArray, before: pa.Array, after: pa.Array) -> CleanCount:
    row = pc.index(mask, True).as_py()
    return CleanCount(step, mask.true_count, _shown(before, row), _shown(after, row))


def _differs(before: pa.Array, after: pa.Array) -> pa.BooleanArray:
    if before is after:
        return pa.repeat(False, len(before))
    other = pc.not_equal(before, after)
    appeared = pc.xor(pc.is_null(before), pc.is_null(after))
    return pc.fill_null(pc.or_kleene(other, appeared), False)


def _shown(values: pa.Array, row: int) -> str | None:
    found = values[row].as_py()
    return None if found is None else str(found)[:_LONGEST]
