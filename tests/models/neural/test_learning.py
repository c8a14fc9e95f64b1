"""How the learning rate goes, and what a run costs."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from mercato.core.meter import Meter
from mercato.models.neural.learning import Learning

PLAN = Learning(learning_rate=0.1, warm_up=0.2)


def test_rises_in_the_warm_up() -> None:
    assert [PLAN.rate(share) for share in (0, 0.1, 0.2)] == pytest.approx([0, 0.05, 0.1])


@pytest.mark.parametrize(
    ("schedule", "halfway", "end"),
    [("cosine", (1 + math.cos(math.pi / 2)) / 2, 0), ("linear", 0.5, 0), ("constant", 1, 1)],
)
def test_falls_behind_it(schedule: str, halfway: float, end: float) -> None:
    """The middle of what comes behind the warm-up of a fifth is at .6."""
    plan = replace(PLAN, schedule=schedule)
    assert plan.rate(0.6) == pytest.approx(0.1 * halfway)
    assert plan.rate(1.0) == pytest.approx(0.1 * end)


def test_ends_at_the_least_rate() -> None:
    assert replace(PLAN, least_rate=0.25).rate(1.0) == pytest.approx(0.025)


def counter(folder: Path, used: int, full: int = 1_000_000_000) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "energy_uj").write_text(str(used))
    (folder / "max_energy_range_uj").write_text(str(full))


def test_joules_are_those_of_all_processors_since_it_began(tmp_path: Path) -> None:
    counter(tmp_path / "intel-rapl:0", 5_000_000)
    counter(tmp_path / "intel-rapl:1", 999_000_000)
    (tmp_path / "intel-rapl:0:0").mkdir()  # a part of the first, which would count twice
    meter = Meter(joules=10.0, folder=tmp_path)
    counter(tmp_path / "intel-rapl:0", 7_000_000)
    counter(tmp_path / "intel-rapl:1", 500_000)
    # 10 before, 2 of the first; the second was full at 1,000 and begun anew: 1 + 0.5.
    assert meter.joules == pytest.approx(13.5)
    assert meter.joules == pytest.approx(13.5)


def test_without_a_counter_there_are_no_joules(tmp_path: Path) -> None:
    assert Meter(folder=tmp_path).joules is None


def test_seconds_go_on_behind_those_before(tmp_path: Path) -> None:
    now = iter([100.0, 107.0])
    assert Meter(30.0, folder=tmp_path, clock=lambda: next(now)).seconds == 37.0
