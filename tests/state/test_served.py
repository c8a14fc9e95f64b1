"""How releases answered, counted by several processes."""

from pathlib import Path

from mercato.state import State
from mercato.state.documents import DocumentChange
from mercato.state.served import Served


def test_sums_of_processes_add_up_and_writing_twice_changes_nothing(
    state: State, url: str, tmp_path: Path
) -> None:
    other = State.open(url, tmp_path)
    for _ in range(2):
        state.served.write({1: Served(10, 1, 20.0, 50.0), 2: Served(1, 0, 3.0, 9.0)}).result(30)
        other.served.write({1: Served(5, 2, 8.0, 16.0)}).result(30)
    assert state.served.all() == {1: Served(15, 3, 28.0, 66.0), 2: Served(1, 0, 3.0, 9.0)}
    other.served.write({1: Served(6, 2, 9.0, 17.0)}).result(30)
    assert state.served.all()[1] - Served(15, 3, 28.0, 66.0) == Served(1, 0, 1.0, 1.0)
    state.served.keep([2])
    assert list(other.served.all()) == [2]
    other.close()


def test_a_round_leaves_its_steps_in_the_sealed_log(state: State) -> None:
    for stage in ("settle", "build"):
        change = DocumentChange("000001", {"stage": stage})
        assert state.rounds.change([change], actor="a@b", action="learn").result(30) is None
    told = [(each.kind, each.after) for each in state.decisions.since()]
    assert told == [
        ("learning round", {"stage": "settle"}),
        ("learning round", {"stage": "build"}),
    ]
    assert state.verify("decisions").rows == 2
