"""The loop that every network learns in. Needs torch.

What step ``k`` of pass ``p`` does is a function of the seed, ``p`` and ``k`` alone: its examples,
its negatives, its dropout. So a training that was killed and goes on from its checkpoint has, on
one machine and number of threads, the same losses and the same weights to the last bit; where
``minutes`` end it, the schedule follows the clock and no two runs are the same.

Several processes (see `processes`) take each step together: each its part of the batch, with the
same negatives and its own dropout. The clock is that of the first.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from mercato.core.errors import BadInput
from mercato.core.meter import Meter
from mercato.core.progress import Step
from mercato.models.neural.board import Board
from mercato.models.neural.checkpoint import Checkpoint, load_checkpoint
from mercato.models.neural.learning import Learning
from mercato.models.neural.optimiser import Optimiser
from mercato.models.neural.outcome import Outcome
from mercato.models.neural.processes import Processes
from mercato.models.neural.row_files import load_training, save_training
from mercato.models.neural.shards import RowsHeld

_TICKS = 1_000
"""Units in which a step is told of the whole training."""

_ALONE = Processes()


class Task(Protocol):
    """What is learned.

    network     : its state is the checkpoint's
    fingerprint : of all that the result depends on, but for the learning
    of_log      : how names of weights begin that mean nothing in another log, as vectors of items
    rows        : by name of a parameter, which rows this process has of it, where not all have all

    Of several processes each has its own part of a batch, maybe an empty one; the fingerprint, the
    number of batches, what ``random`` is asked for and the worth are the same in all.
    """

    network: nn.Module
    fingerprint: str
    of_log: tuple[str, ...]
    rows: Mapping[str, RowsHeld]

    def batches(self, number: int) -> Sequence[Any]:
        """Those of one pass; asked again for the same number, the same ones."""

    def examples(self, batch: Any) -> int:
        """How many a batch holds."""

    def loss(self, batch: Any, random: np.random.Generator) -> Tensor:
        """The mean of its examples, 0 of none; what is drawn, is drawn by ``random`` or torch's
        own."""

    def worth(self) -> float:
        """How good the network is on validation; higher is better."""


@dataclass
class Progressed:
    """A training under way.

    number, at : the pass and the batch of it that come next
    losses     : mean of each finished pass
    total      : sum of the losses of the running pass, times their examples; seen: its examples
    worths     : of each check
    best       : the number of the check whose weights are kept; -1: none yet
    examples   : learned from so far
    learned    : seconds spent on them, without checks
    seconds, joules : spent on everything
    """

    number: int = 0
    at: int = 0
    losses: list[float] = field(default_factory=list)
    total: float = 0.0
    seen: int = 0
    worths: list[float] = field(default_factory=list)
    best: int = -1
    examples: int = 0
    learned: float = 0.0
    seconds: float = 0.0
    joules: float | None = None

    @property
    def per_second(self) -> float:
        """Examples learned from a second."""
        return self.examples / self.learned if self.learned else 0.0

    def outcome(self) -> Outcome:
        return Outcome(
            self.examples,
            self.per_second,
            self.seconds,
            self.joules,
            list(self.losses),
            list(self.worths),
        )


class Engine:
    """Trains the network of a task in place."""

    def __init__(
        self,
        task: Task,
        learning: Learning,
        *,
        members: Processes = _ALONE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.task, self.learning, self.clock, self.members = task, learning, clock, members
        self.device = _device(learning.device)
        self.halved = _halved(learning.precision, self.device)
        self.network = task.network.to(self.device)
        if learning.start:
            _begin_with(self.network, Path(learning.start), task.of_log)
        apart = {name for name, rows in task.rows.items() if rows.some}
        self.optimiser = Optimiser(self.network, learning, members, apart)
        self.kept: dict[str, Tensor] = {}
        self.done = Progressed()
        self.told = 0
        self.spent = 0.0
        """Seconds, those that a killed run had spent too; the same in all processes."""
        self.place = Path(learning.checkpoint) if learning.checkpoint else None

    def run(self, step: Step) -> Progressed:
        """Learn until the passes or the minutes are over, or it gets no better; the network then
        has the weights that are kept.

        ``step`` advances by thousandths of the whole. Raises BadInput where the checkpoint is of
        another training.
        """
        self._resume()
        self.spent = self.done.seconds
        self.meter = Meter(self.done.seconds, self.done.joules or 0.0, clock=self.clock)
        board = Board(self.learning.board if self.members.first else "")
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            self._passes(step, board)
        board.close()
        self.network.load_state_dict(self.kept or self.optimiser.weights())
        self.network.eval()
        return self.done

    def _passes(self, step: Step, board: Board) -> None:
        saved = self.spent
        while not self._over():
            number = self.done.number
            batches = self.task.batches(number)
            while self.done.at < len(batches) and not self._over():
                self._update(batches)
                if self._check_is_due(len(batches)):
                    self._check()
                if self.spent - saved > self.learning.save_seconds:
                    self._save()
                    saved = self.spent
                self._tell(step, len(batches))
            if self.done.at >= len(batches):
                self._close_pass(board)
        if len(self.done.worths) < self.learning.checks and not self._no_better():
            self._check()
        self._save()

    def _update(self, batches: Sequence[Any]) -> None:
        """One step of the optimiser, over so many batches as are added up."""
        began = self.clock()
        self.network.train()
        group = batches[self.done.at : self.done.at + self.learning.accumulate]
        counts = [self.task.examples(batch) for batch in group]
        total, self.spent = self._agreed(sum(counts))
        loss_sum = torch.zeros(1, device=self.device)
        for offset, (batch, count) in enumerate(zip(group, counts, strict=True)):
            key = [self.learning.seed, self.done.number, self.done.at + offset]
            random = np.random.default_rng(key)
            # Negatives are those of the whole batch; dropout is each process's own.
            torch.manual_seed(int(random.integers(2**63)) + self.members.number)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.halved):
                loss = self.task.loss(batch, random)
            (loss * (count / max(total, 1))).backward()
            loss_sum += loss.detach() * count
        rate = self.learning.rate(self._share(len(batches)))
        self.done.total += float(self.optimiser.step(rate, loss_sum))
        self.done.at += len(group)
        self.done.seen += total
        self.done.examples += total
        self.done.learned += self.clock() - began

    def _agreed(self, examples: int) -> tuple[int, float]:
        """The examples of all processes, and the seconds of the first."""
        if self.members.count == 1:
            return examples, self.meter.seconds
        seconds = self.meter.seconds if self.members.first else 0.0
        told = self.members.sum(torch.tensor([float(examples), seconds], dtype=torch.float64))
        return int(told[0]), float(told[1])

    def _share(self, batches: int) -> float:
        """How much of the training is done, 0 to 1, by passes or by time."""
        passed = (self.done.number + self.done.at / max(batches, 1)) / self.learning.passes
        limit = self.learning.minutes * 60
        return min(1.0, max(passed, self.spent / limit if limit else 0.0))

    def _over(self) -> bool:
        if self.done.number >= self.learning.passes:
            return True
        limit = self.learning.minutes * 60
        return bool(limit and self.spent >= limit) or self._no_better()

    def _no_better(self) -> bool:
        since = len(self.done.worths) - 1 - self.done.best
        return bool(self.learning.patience) and since >= self.learning.patience

    def _close_pass(self, board: Board) -> None:
        done = self.done
        done.losses.append(done.total / max(done.seen, 1))
        done.number, done.at, done.total, done.seen = done.number + 1, 0, 0.0, 0
        told = {"loss": done.losses[-1], "examples per second": done.per_second}
        if done.worths:
            told["validation"] = done.worths[-1]
        board.write(done.examples, told)

    def _checks_due(self, share: float) -> int:
        return math.floor(self.learning.checks * share + 1e-9)

    def _check_is_due(self, batches: int) -> bool:
        return self._checks_due(self._share(batches)) > len(self.done.worths)

    def _check(self) -> None:
        """Ask the validation, with the weights that would be kept."""
        with self.optimiser.averaged(), torch.no_grad():
            self.network.eval()
            self.done.worths.append(self.task.worth())
            if self.done.best < 0 or self.done.worths[-1] > self.done.worths[self.done.best]:
                self.done.best = len(self.done.worths) - 1
                state = self.network.state_dict()
                self.kept = {name: each.clone() for name, each in state.items()}

    def _tell(self, step: Step, batches: int) -> None:
        share = self._share(batches)
        ticks = math.floor(_TICKS * share)
        if ticks == self.told:
            return
        step.advance(ticks - self.told)
        self.told = ticks
        done = self.done
        left = self.spent * (1 - share) / max(share, 1e-9) / 60
        loss = done.total / done.seen if done.seen else done.losses[-1]
        worth = f", validation {done.worths[done.best]:.4f}" if done.worths else ""
        step.note(
            f"pass {done.number + 1}, loss {loss:.4f}{worth}, "
            f"{done.per_second:,.0f} a second, {left:.1f} minutes left"
        )

    def _save(self) -> None:
        self.done.seconds, self.done.joules = self.meter.seconds, self.meter.joules
        if self.place is None:
            return
        tensors = {f"network/{name}": each for name, each in self.network.state_dict().items()}
        tensors |= {f"kept/{name}": each for name, each in self.kept.items()}
        tensors |= {f"optimiser/{name}": each for name, each in self.optimiser.state().items()}
        found = Checkpoint(tensors, vars(self.done))
        save_training(self.place, found, self._fingerprint(), self.task.rows, self.members)

    def _resume(self) -> None:
        if self.place is None:
            return
        found = load_training(self.place, self._fingerprint(), self.task.rows)
        if found is None:
            return
        self.network.load_state_dict(found.of("network"))
        self.optimiser.load(found.of("optimiser"))
        self.kept = found.of("kept")
        self.done = Progressed(**found.about)

    def _fingerprint(self) -> str:
        """All that a result depends on; where it is written and for how long is not."""
        learning = self.learning
        held = [
            f"{name}={value}"
            for name, value in vars(learning).items()
            if name not in ("checkpoint", "save_seconds", "board", "device", "minutes")
        ]
        return f"{self.task.fingerprint} {' '.join(held)}"


def _device(name: str) -> torch.device:
    """Raises BadInput where there is none of that name."""
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise BadInput(
            "a device that torch has here, as cpu or cuda",
            f"{name}: {str(error).splitlines()[0]}",
            "Name another device.",
        ) from None
    return device


_MULTIPLIES = "avx512_bf16", "amx_bf16", "bf16"
"""Names of instructions that multiply bfloat16; without them it is slower than float32."""


def _halved(precision: str, device: torch.device) -> bool:
    """Whether matrix products are of bfloat16."""
    if precision != "auto":
        return precision == "bfloat16"
    if device.type != "cpu":
        return True
    able = torch.cpu.get_capabilities()
    return any(able.get(name, False) for name in _MULTIPLIES)


def _begin_with(network: nn.Module, path: Path, of_log: tuple[str, ...]) -> None:
    """Take over the weights of another training that mean the same in this one.

    Raises BadInput where there is no checkpoint, or it has none.
    """
    found = load_checkpoint(path, None)
    weights = {} if found is None else found.of("kept") or found.of("network")
    own = network.state_dict()
    same = {
        name: each
        for name, each in weights.items()
        if name in own and each.shape == own[name].shape and not name.startswith(of_log)
    }
    if not same:
        raise BadInput(
            f"a checkpoint in {path} of a network like this",
            "none, or one of other sizes",
            "Train one of the same sizes, with its checkpoint in that file.",
        )
    network.load_state_dict(same, strict=False)
