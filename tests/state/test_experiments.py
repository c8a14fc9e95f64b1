"""What experiments came to, in the state."""

from pathlib import Path

from mercato.state import State
from mercato.state.documents import DocumentChange
from mercato.state.experiments import StoredReading


def test_the_newest_look_at_an_experiment_stays(state: State, url: str, tmp_path: Path) -> None:
    assert (state.readings.newest(), state.readings.all()) == (0, [])
    state.readings.put(StoredReading("a", 5, {"units": 1}))
    state.readings.put(StoredReading("b", 6, {"units": 2}))
    state.readings.put(StoredReading("a", 7, {"units": 3}))
    state.readings.put(StoredReading("a", 4, {"units": 0}))  # a slower process's
    other = State.open(url, tmp_path)
    assert other.readings.newest() == 7
    assert other.readings.get("a") == StoredReading("a", 7, {"units": 3})
    assert [each.experiment for each in other.readings.all()] == ["a", "b"]
    assert other.readings.get("c") is None
    other.close()


def test_a_look_is_seen_beside_another_of_the_same_moment(state: State) -> None:
    state.readings.put(StoredReading("a", 5, {}))
    one = state.readings.version()
    state.readings.put(StoredReading("b", 5, {}))
    assert state.readings.newest() == 5
    assert state.readings.version() != one


def test_an_experiment_is_a_document_that_other_processes_see(
    state: State, url: str, tmp_path: Path
) -> None:
    other = State.open(url, tmp_path)
    before = other.experiments.version()
    change = DocumentChange("a", {"kind": "ab"})
    assert state.experiments.change([change], actor="me", action="test").result(30) is None
    assert other.experiments.version() > before
    assert [each.document for each in other.experiments.all()] == [{"kind": "ab"}]
    other.close()
