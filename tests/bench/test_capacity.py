"""Machines and euros by arithmetic that is left visible, and what is not measured says so."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.capacity import (
    ANSWERS,
    BUILD,
    LEARNING,
    MEMORY,
    RESULTS,
    SEARCH,
    STATE,
    TABLES,
    VECTORS,
    Assumed,
    Need,
    Plan,
    Step,
    first_limit,
    on_one,
    result,
    together,
)

GROWTH: Mapping[str, Mapping[str, float]] = {
    "100,000 products": {"products": 100_000, "HTTP cold p50 ms": 10, "build s": 90, "MB": 500},
    "1,000,000 products": {
        "products": 1_000_000,
        "HTTP cold p50 ms": 19,
        "build s": 900,
        "MB": 2e3,
    },
}
MEASURED: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "ingest": {"PostgreSQL with 2 workers": {"events/s": 1_000}},
    "load": {"shop, 100,000 products: capacity": {"requests/s": 100}},
    "growth": GROWTH,
}
SCALE = {
    "duckdb, 1M events": {"events": 10**6, "CPU s": 30},
    "spark, 1M events": {"events": 10**6, "CPU s": 90},
    "duckdb, 10M events": {"events": 10**7, "CPU s": 192, "CPU s a million": 18},
    "spark, 10M events": {"events": 10**7, "CPU s": 414, "CPU s a million": 36},
}

ASSUMED = Assumed(log_days=100, requests_per_event=0.5, peak_to_mean=2, vcpus=8, euros=240)
STEP = Step(10_000_000, 864_000_000)
"""8.64 million seconds, so 100 lines a second in the mean and 200 at the peak."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, rows in MEASURED.items():
        write(tmp_path, name, rows)
    return tmp_path


def write(folder: Path, name: str, rows: Mapping[str, Mapping[str, float]]) -> None:
    told = [{"model": model, "metrics": metrics} for model, metrics in rows.items()]
    text = json.dumps({"name": name, "machine": "2 cores of a kind, 25 GB", "rows": told})
    (folder / f"{name}.json").write_text(text)


def needs(folder: Path, step: Step = STEP, assumed: Assumed = ASSUMED) -> dict[str, Need]:
    return {each.part: each for each in Plan.read(folder, assumed).needs(step)}


def test_answers_take_longer_with_more_products(folder: Path) -> None:
    found = needs(folder)
    # 9 ms for 900,000 more products: 10 ms + 9.9 M x 10 ns = 109 ms, 10.9 times as long.
    assert found[SEARCH].needs == pytest.approx(109)
    # Two processors do 100 requests a second: 20 ms each, here 218 ms, of 100 a second.
    assert found[ANSWERS].needs == pytest.approx(21.8)
    assert found[ANSWERS].gives == 4, "half of eight"
    assert found[ANSWERS].machines == 6
    assert found[ANSWERS].extrapolated


def test_between_measured_sizes_nothing_is_extrapolated(folder: Path) -> None:
    found = needs(folder, Step(550_000, 864_000_000))
    assert found[SEARCH].needs == pytest.approx(14.5), "halfway between 10 and 19"
    assert not any(each.extrapolated for each in found.values())


def test_the_state_is_a_row_for_each_event_and_each_answer(folder: Path) -> None:
    found = needs(folder)[STATE]
    # 200 events and 100 answers a second, 2 ms each; half of the two processors measured with.
    assert [found.needs, found.gives] == pytest.approx([0.6, 1])


def test_memory_and_the_first_build_go_by_products(folder: Path) -> None:
    found = needs(folder)
    # 2,000 MB for a million: 2,097.152 bytes each; three quarters of 32 GB.
    assert [found[MEMORY].needs, found[MEMORY].gives] == pytest.approx([20.97152, 24])
    # 900 s of two processors for a million: 1.8 ms each, 18,000 s.
    assert found[BUILD].needs == pytest.approx(5)
    # 5 hours of 8 processors, of a month's 730 at 240 euros.
    assert found[BUILD].euros(ASSUMED) == pytest.approx(5 / 8 / 730 * 240)


def test_what_is_not_measured_waits_for_its_file(folder: Path) -> None:
    found = needs(folder)
    waiting = {name: each.source for name, each in found.items() if each.needs is None}
    assert waiting == {
        VECTORS: "vectors.json",
        TABLES: "scale.json",
        LEARNING: "training_processes.json",
    }
    told = {row["model"]: row["metrics"] for row in result(folder, ASSUMED)["rows"]}
    row = told["1 M products, 100 M events: table work a night"]
    assert row == {"needs": "waits for scale.json", "in": "processor hours"}
    assert "without vectors in memory, table work" in str(together(list(found.values()), ASSUMED))


def test_table_work_goes_to_spark_where_a_night_is_too_short(folder: Path) -> None:
    write(folder, "scale", SCALE)
    alone = needs(folder)[TABLES]
    # 864 M events at 18 s a million: 15,552 s, 4.32 h of 32.
    assert alone.by == "DuckDB"
    assert [alone.needs, alone.gives] == pytest.approx([4.32, 32])
    assert alone.extrapolated, "ten million were measured"
    spark = needs(folder, assumed=replace(ASSUMED, nightly_hours=0.5))[TABLES]
    # At 36 s a million 8.64 h, 4 for each machine.
    assert (spark.over, spark.machines) == ("Spark", 3)
    assert spark.needs == pytest.approx(8.64)
    # By the hour, every night: 8.64 / 8 hours of 24, of 240 euros.
    assert spark.euros(ASSUMED) == pytest.approx(8.64 / 8 / 24 * 240)


def test_a_small_shop_is_one_machine_and_a_large_one_has_spares(folder: Path) -> None:
    small = list(needs(folder, Step(100_000, 864_000)).values())
    assert on_one(small)
    assert together(small, ASSUMED)["machines"] == 1
    large = list(needs(folder).values())
    assert first_limit(large) == ANSWERS
    # Six that answer and one more, PostgreSQL and its standby; the build by the hour: 0.2 euros.
    found = together(large, ASSUMED)
    assert found["machines"] == {"value": 9, "extrapolated": True}
    assert found["euros a month"] == {"value": 2160, "extrapolated": True}
    assert "too large by time of a search" in str(found)


def test_the_result_file_says_what_those_say_that_it_is_made_of() -> None:
    kept: Any = json.loads((RESULTS / "capacity.json").read_text())
    assert kept == result(RESULTS, Assumed(**kept["assumed"])), "run: make docs"
