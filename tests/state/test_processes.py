from pathlib import Path

from mercato.state import State
from mercato.state.processes import LIVING_MICROSECONDS


def test_processes_are_counted_by_the_release_they_answer_from(
    state: State, url: str, tmp_path: Path
) -> None:
    other = State.open(url, tmp_path)
    now = 1_770_000_000_000_000
    state.processes.note(now, 1).result(30)
    other.processes.note(now, 1).result(30)
    assert state.processes.living(now) == {1: 2}
    other.processes.note(now + 5_000_000, 2).result(30)
    assert state.processes.living(now + 5_000_000) == {1: 1, 2: 1}
    # The first says nothing any more, and the second ends in good order.
    late = now + LIVING_MICROSECONDS + 1
    assert state.processes.living(late) == {2: 1}
    other.processes.note(late, 2)
    other.processes.leave()
    other.close()
    assert state.processes.living(late) == {}
