"""Runs one batch through the cleaning of an asset, as an import does."""

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pytest

from mercato.data.assets import ASSETS
from mercato.data.cleaning.step import CleaningContext
from mercato.data.importers.raw import RawBatch
from mercato.data.rows import Checked, Conversion, checked

Clean = Callable[..., Checked]


@pytest.fixture(scope="session")
def clean() -> Clean:
    """``columns`` of one asset, as a source wrote them; checked and cleaned."""

    def run(
        asset: str,
        columns: Mapping[str, list[Any] | pa.Array],
        context: CleaningContext | None = None,
    ) -> Checked:
        arrays = {name: pa.array(cells) for name, cells in columns.items()}
        lines = pa.array(range(1, len(next(iter(arrays.values()))) + 1), pa.int64())
        context = context or CleaningContext()
        how = Conversion(ASSETS[asset], {}, "major", context.currency, context)
        return checked(RawBatch(lines, arrays), how)

    return run


@pytest.fixture(scope="session")
def item_cells(clean: Clean) -> Callable[..., list[Any]]:
    """What becomes of the cells of one column of items; nothing else of them is odd."""

    def run(column: str, cells: list[Any], context: CleaningContext | None = None) -> list[Any]:
        columns = {
            "id": [f"i{n}" for n in range(len(cells))],
            "title": ["Milk"] * len(cells),
            "price": ["1.00"] * len(cells),
        }
        found = clean("items", columns | {column: cells}, context)
        assert found.refusals == ()
        values: list[Any] = found.rows[column].to_pylist()
        return values

    return run
