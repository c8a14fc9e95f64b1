"""The short form of bench/faults.py: a small supermarket, every kind of fault, every one found."""

import importlib
from pathlib import Path

import pytest

from mercato.core.paths import ShopPaths
from mercato.data.store import AssetStore

ROOT = Path(__file__).parents[2]


def test_every_seeded_fault_is_found_and_no_good_row_refused(
    supermarket: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    faults = importlib.import_module("bench.faults")
    source = AssetStore(ShopPaths(supermarket).assets)
    rows = faults.measure(source, faults.Size(items=800, lines=9_000), tmp_path)
    kinds, whole = rows[:-1], rows[-1].metrics
    assert len(kinds) == 20
    assert [row.model for row in kinds if not row.metrics["seeded"]] == []
    assert [row.model for row in kinds if row.metrics["missed"]] == []
    assert whole["seeded"] == sum(row.metrics["found"] for row in kinds) > 200
    assert whole["good rows refused"] == 0
    assert whole["good rows newly flagged"] <= 5
