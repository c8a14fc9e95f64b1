"""The loop: what it learns, when it ends, and that a kill changes nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mercato.core.errors import BadInput
from mercato.core.progress import Silent, Step
from mercato.models.neural.dropout import Dropout
from mercato.models.neural.engine import Engine, Progressed
from mercato.models.neural.learning import Learning
from mercato.models.neural.shards import RowsHeld

PLAN = Learning(passes=6, learning_rate=0.05, weight_decay=0.0, checks=6, save_seconds=-1.0)
TRUTH = torch.tensor([[2.0, -1.0, 0.5]])


class Line:
    """y = 2 a - b + c / 2, with some of the inputs left out and some noise."""

    fingerprint = "line"
    of_log: tuple[str, ...] = ("none",)

    def __init__(self, size: int = 8, share: float = 0.25) -> None:
        with torch.random.fork_rng([]):
            torch.manual_seed(0)
            self.inputs = torch.randn(64, 3)
            self.network = nn.Sequential(Dropout(share), nn.Linear(3, 1))
        self.outputs = self.inputs @ TRUTH.T
        self.size = size
        self.rows: Mapping[str, RowsHeld] = {}
        self.worths: list[float] | None = None

    def batches(self, number: int) -> Sequence[np.ndarray]:
        order = np.random.default_rng(number).permutation(64)
        return [order[at : at + self.size] for at in range(0, 64, self.size)]

    def examples(self, batch: np.ndarray) -> int:
        return len(batch)

    def loss(self, batch: np.ndarray, random: np.random.Generator) -> Tensor:
        noise = torch.from_numpy(random.normal(0, 0.01, (len(batch), 1)).astype(np.float32))
        at = torch.from_numpy(batch)
        return ((self.network(self.inputs[at]) - self.outputs[at] - noise) ** 2).mean()

    def worth(self) -> float:
        if self.worths is not None:
            return self.worths.pop(0)
        with torch.no_grad():
            return -float(((self.network(self.inputs) - self.outputs) ** 2).mean())


def trained(
    task: Line,
    learning: Learning,
    step: Step | None = None,
    clock: Callable[[], float] | None = None,
) -> Progressed:
    engine = Engine(task, learning, **({"clock": clock} if clock else {}))
    if step is not None:
        return engine.run(step)
    with Silent().step("learn") as silent:
        return engine.run(silent)


def weights(task: Line) -> list[float]:
    return [each for part in task.network.parameters() for each in part.detach().ravel().tolist()]


def test_learns_a_line() -> None:
    task = Line(share=0.0)
    done = trained(task, replace(PLAN, passes=40))
    np.testing.assert_allclose(task.network[1].weight.detach(), TRUTH, atol=0.01)
    assert done.losses[-1] < done.losses[0] / 100
    assert (done.number, done.examples) == (40, 40 * 64)
    assert done.per_second > 0


class Killed(BaseException):
    """As a kill, nothing in between catches it."""


class Killer:
    """A step that kills after so many units of progress."""

    def __init__(self, after: int) -> None:
        self.left = after

    def advance(self, amount: int = 1) -> None:
        self.left -= amount
        if self.left < 0:
            raise Killed

    def note(self, text: str) -> None: ...


@pytest.mark.parametrize("accumulate", [1, 3])
@pytest.mark.parametrize("average", [0.0, 0.9])
def test_killed_ten_times_it_comes_to_the_same(
    tmp_path: Path, average: float, accumulate: int
) -> None:
    """Bit for bit: losses, validation and weights."""
    learning = replace(PLAN, average=average, accumulate=accumulate)
    whole = Line()
    expected = trained(whole, learning)
    random = np.random.default_rng(1)
    learning = replace(learning, checkpoint=str(tmp_path / "run" / "here"))
    kills = 0
    for after in random.integers(0, 200, 10).tolist():
        try:
            trained(Line(), learning, Killer(after))
        except Killed:
            kills += 1
    task = Line()
    found = trained(task, learning)
    assert kills == 10
    assert (found.losses, found.worths, found.best) == (
        expected.losses,
        expected.worths,
        expected.best,
    )
    assert weights(task) == weights(whole)
    assert found.examples == expected.examples
    assert not list(tmp_path.rglob("*.unfinished"))


def test_a_finished_training_is_not_done_again(tmp_path: Path) -> None:
    learning = replace(PLAN, checkpoint=str(tmp_path / "run"))
    first, again = Line(), Line()
    expected = trained(first, learning)
    found = trained(again, learning)
    assert (found.losses, found.examples) == (expected.losses, expected.examples)
    assert weights(again) == weights(first)


def test_refuses_the_checkpoint_of_another_training(tmp_path: Path) -> None:
    learning = replace(PLAN, checkpoint=str(tmp_path / "run"))
    trained(Line(), learning)
    with pytest.raises(BadInput, match="other settings or other data"):
        trained(Line(), replace(learning, learning_rate=0.1))


def test_two_batches_added_up_are_one() -> None:
    halves, whole = Line(size=4, share=0.0), Line(size=8, share=0.0)
    for task in (halves, whole):
        task.loss = lambda batch, random, task=task: (  # type: ignore[method-assign]
            (task.network(task.inputs[batch]) - task.outputs[batch]) ** 2
        ).mean()
    trained(halves, replace(PLAN, accumulate=2))
    trained(whole, PLAN)
    np.testing.assert_allclose(weights(halves), weights(whole), rtol=1e-4)


def test_keeps_the_best_and_ends_when_it_gets_no_better() -> None:
    task = Line()
    task.worths = [0.1, 0.3, 0.2, 0.3, 0.9, 0.9]
    done = trained(task, replace(PLAN, patience=2))
    assert (done.best, len(done.worths), len(done.losses)) == (1, 4, 4)
    shorter = Line()
    shorter.worths = [0.1, 0.3, 0.2, 0.3]
    trained(shorter, replace(PLAN, patience=2))
    assert weights(task) == weights(shorter)


def test_ends_with_the_time() -> None:
    """Each look at the clock takes a second of a minute."""
    ticks = iter(range(10_000))
    done = trained(Line(), replace(PLAN, minutes=1.0), clock=lambda: float(next(ticks)))
    assert 55 <= done.seconds <= 70
    assert 0 < done.examples < 6 * 64


def test_the_mean_of_the_weights_is_kept() -> None:
    """Of a training whose rate is great to its end, the mean stands nearer to the truth."""
    plan = replace(PLAN, passes=60, learning_rate=0.3, schedule="constant", checks=0)
    last, mean = Line(), Line()
    trained(last, plan)
    trained(mean, replace(plan, average=0.99))
    assert mean.worth() > last.worth()


def test_says_how_far_it_is() -> None:
    class Told:
        ticks, notes = 0, ""

        def advance(self, amount: int = 1) -> None:
            self.ticks += amount

        def note(self, text: str) -> None:
            self.notes = text

    step = Told()
    trained(Line(), PLAN, step)
    assert step.ticks == 1_000
    assert "pass 6, loss 1." in step.notes
    assert "a second, 0.0 minutes left" in step.notes


def test_leaves_others_random_numbers_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    trained(Line(), PLAN)
    assert torch.equal(torch.rand(2), expected)


def test_curves_are_written_for_tensorboard(tmp_path: Path) -> None:
    done = trained(Line(), replace(PLAN, board=str(tmp_path)))
    from tensorboardX.proto.event_pb2 import Event

    [path] = tmp_path.iterdir()
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):  # a record is its length, 4 bytes, itself, 4 bytes
        size = int.from_bytes(data[at : at + 8], "little")
        event = Event.FromString(data[at + 12 : at + 12 + size])
        found += [each.simple_value for each in event.summary.value if each.tag == "loss"]
        at += 16 + size
    assert found == pytest.approx(done.losses)


def test_a_training_begins_with_what_another_has_learned(tmp_path: Path) -> None:
    """With no step of its own to take, it has the other's weights; but for those of its log."""
    plan = replace(PLAN, checkpoint=str(tmp_path / "first"))
    first = Line()
    trained(first, plan)
    still = replace(PLAN, learning_rate=0.0, passes=1, start=plan.checkpoint)
    second = Line()
    second.fingerprint = "another line"
    begun = weights(second)
    trained(second, still)
    assert weights(second) == weights(first) != begun
    third = Line()
    third.of_log = ("1.bias",)
    trained(third, still)
    assert weights(third) == [*weights(first)[:3], begun[3]]
    fourth = Line()
    fourth.of_log = ("1.",)
    with pytest.raises(BadInput, match="of a network like this"):
        trained(fourth, still)
    with pytest.raises(BadInput, match="of a network like this"):
        trained(Line(), replace(still, start=str(tmp_path / "none")))


@pytest.mark.parametrize("name", ["avx512_bf16", "avx2"])
def test_precision_follows_what_the_processor_multiplies(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {name: True})
    known = {}
    for precision in ("auto", "float32", "bfloat16"):
        task = Line()
        trained(task, replace(PLAN, precision=precision))
        known[precision] = weights(task)
    assert known["float32"] != known["bfloat16"]
    assert known["auto"] == known["bfloat16" if name == "avx512_bf16" else "float32"]
