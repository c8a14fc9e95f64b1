"""A step is done once for the same inputs, and never counted when it was interrupted."""

from pathlib import Path

import pytest

from mercato.core.errors import NotReady
from mercato.core.progress import Silent, Step
from mercato.training.workshop import Workshop, one_at_a_time


class Work:
    """Writes a file, and counts how often it was asked to."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, folder: Path, step: Step) -> None:
        self.times += 1
        (folder / "made").write_text("whole")


def test_the_same_inputs_are_not_worked_on_again(tmp_path: Path) -> None:
    work = Work()
    first = Workshop(tmp_path, Silent()).make("vectors", {"items": 1}, work)
    again = Workshop(tmp_path, Silent()).make("vectors", {"items": 1}, work)
    assert work.times == 1
    assert (first.reused, again.reused) == (False, True)
    assert again.folder == first.folder
    assert (again.folder / "made").read_text() == "whole"


def test_other_inputs_or_other_code_are_another_step(tmp_path: Path) -> None:
    work = Work()
    workshop = Workshop(tmp_path, Silent())
    workshop.make("vectors", {"items": 1}, work)
    workshop.make("vectors", {"items": 2}, work)
    Workshop(tmp_path, Silent(), code="another").make("vectors", {"items": 1}, work)
    assert work.times == 3


def test_an_interrupted_step_is_done_again(tmp_path: Path) -> None:
    def interrupted(folder: Path, step: Step) -> None:
        (folder / "made").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Workshop(tmp_path, Silent()).make("vectors", {}, interrupted)
    made = Workshop(tmp_path, Silent()).make("vectors", {}, Work())
    assert not made.reused
    assert (made.folder / "made").read_text() == "whole"


def test_what_a_step_cost_is_kept_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = tmp_path / "powercap" / "intel-rapl:0"
    counter.mkdir(parents=True)
    (counter / "energy_uj").write_text("1000000")
    monkeypatch.setattr("mercato.core.meter.POWERCAP", counter.parent)

    def work(folder: Path, step: Step) -> None:
        (counter / "energy_uj").write_text("8500000")

    for _ in range(2):  # made, then found
        made = Workshop(tmp_path / "build", Silent()).make("vectors", {}, work)
        assert made.joules == 7.5
    assert made.reused


def test_pruning_leaves_what_this_build_used(tmp_path: Path) -> None:
    Workshop(tmp_path, Silent()).make("vectors", {"items": 1}, Work())
    workshop = Workshop(tmp_path, Silent())
    used = workshop.make("vectors", {"items": 2}, Work())
    workshop.prune()
    assert [path.name for path in tmp_path.iterdir()] == [used.folder.name]


def test_two_builds_do_not_meet(tmp_path: Path) -> None:
    with one_at_a_time(tmp_path / "build"), pytest.raises(NotReady, match="another process"):
        with one_at_a_time(tmp_path / "build"):
            pass
    with one_at_a_time(tmp_path / "build"):
        pass
