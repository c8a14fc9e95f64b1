"""The shopper transformer learned by one process and by several, and what each of them holds.

The log is made up; ``--data`` is not read.
"""

import multiprocessing
import os
import resource
import tempfile
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.harness import Row, arguments, write_result
from mercato.core.history import EVENT_CODES, MICROSECONDS_PER_DAY, Interactions
from mercato.core.progress import Silent
from mercato.models.neural.learning import Learning
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.fitted import FittedShopperTransformer
from mercato.models.shopper_transformer.model import ShopperTransformer
from mercato.models.shopper_transformer.settings import Examples, Loss, Shape
from mercato.training.torchrun.job import Job
from mercato.training.torchrun.starting import Torchrun

_ITEMS, _SHOPPERS, _EVENTS = 200_000, 20_000, 50
_QUICK = 20
"""Times less of everything."""

_MODEL = ShopperTransformer(
    shape=Shape(width=64, layers=2, longest=64),
    loss=Loss(negatives=1_024),
    examples=Examples(batch=8_192),
    learning=Learning(passes=1, learning_rate=3e-3, shards=8),
)


@dataclass(frozen=True)
class Team:
    """
    spread : each process holds some items only
    """

    processes: int
    spread: bool


TEAMS: Mapping[str, Team] = {
    "one process": Team(1, False),
    "two processes": Team(2, False),
    "two processes, items spread": Team(2, True),
}

_HOW = (
    f"A made-up log of {_SHOPPERS:,} shoppers with {_EVENTS} views on average of {_ITEMS:,} "
    f"products, each shopper of neighbouring ones. One pass of a transformer of width 64, two "
    "layers, 64 events, 1,024 negatives and 8,192 events a step, the same steps whoever takes "
    "them, by torchrun with gloo, a core a process. tokens/s: events learned a second, without "
    "the start of processes; loss: mean of the pass; peak_mb: of the process that held most."
)


def log_of(times_less: int) -> Interactions:
    random = np.random.default_rng(0)
    n_items, n_shoppers = _ITEMS // times_less, _SHOPPERS // times_less
    lengths = random.geometric(1 / _EVENTS, n_shoppers) + 1
    n = int(lengths.sum())
    near = np.repeat(random.integers(0, n_items, n_shoppers), lengths)
    item = (near + random.geometric(0.02, n)) % n_items
    ts = np.sort(random.integers(0, 365 * MICROSECONDS_PER_DAY, n))
    kind = np.full(n, EVENT_CODES["view_item"], np.int8)
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    return Interactions(offsets, item.astype(np.int32), ts, kind, np.ones(n, np.float32), n_items)


def measured(
    team: Team, times_less: int, minutes: float, device: str
) -> tuple[Mapping[str, float], float, float]:
    """Metrics, seconds and megabytes. To be called in a process of its own: the memory is the
    greatest that any of its children had."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    log = log_of(times_less)
    model = _MODEL.within(minutes).shared(8, spread=team.spread).on(device)
    job = Job(model, log, 366 * MICROSECONDS_PER_DAY, ItemContent.none(log.n_items))
    with tempfile.TemporaryDirectory() as folder, Silent().step("learn") as step:
        fitted = Torchrun(team.processes).fit(job, Path(folder), step)
    assert isinstance(fitted, FittedShopperTransformer)
    done = fitted.outcome
    metrics = {
        "tokens/s": round(done.per_second),
        "tokens": done.examples,
        "loss": round(done.losses[-1], 4) if done.losses else float("nan"),
    }
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return metrics, done.seconds, peak


def main() -> None:
    asked = arguments(__doc__, name="training_processes", data=(), minutes=10)
    teams = {name: team for name, team in TEAMS.items() if asked.wants(name)}
    times_less = _QUICK if asked.quick else 1
    rows = []
    for name, team in teams.items():
        alone = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
        with alone:
            found = alone.submit(
                measured, team, times_less, asked.minutes / len(teams), asked.device
            ).result()
        rows.append(Row(f"{name}{asked.mark}", *found))
    write_result(asked.out, name="training_processes", protocol=_HOW, data=(), rows=rows)


if __name__ == "__main__":
    main()
