"""What was shown lately, and before: what monitors compare."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mercato.data.engines import open_engine
from mercato.data.experiments.logs import logs
from mercato.data.showing.shown import shown_items
from mercato.data.store import AssetStore
from mercato.state import State

DAYS_NOW, DAYS_BEFORE = 1, 28
"""The newest day, and the days before it that it is compared with."""

FEWEST = 500
"""Rows of either time below which nothing is compared. Assumed."""


@dataclass(frozen=True)
class Showing:
    """Items that were shown at one placement.

    score   : (n,) float64; clicked, bought : (n,) bool; unit, release : (n,) int64
    """

    score: NDArray[np.float64]
    clicked: NDArray[np.bool_]
    bought: NDArray[np.bool_]
    unit: NDArray[np.int64]
    release: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.score)

    def of(self, rows: NDArray[np.bool_]) -> "Showing":
        return Showing(
            self.score[rows],
            self.clicked[rows],
            self.bought[rows],
            self.unit[rows],
            self.release[rows],
        )


@dataclass(frozen=True)
class Times:
    """One placement before and now."""

    placement: str
    before: Showing
    now: Showing

    @property
    def is_enough(self) -> bool:
        return min(len(self.before), len(self.now)) >= FEWEST

    def of_one_release(self) -> "Times":
        """By the release that answered last alone: scores of others lie elsewhere."""
        release = self.now.release.max(initial=0)
        return Times(
            self.placement,
            self.before.of(self.before.release == release),
            self.now.of(self.now.release == release),
        )


def newest_shown(store: AssetStore, state: State) -> pa.Table:
    """What was shown in the days that are compared, as `data.showing.shown` gives it."""
    with open_engine() as engine:
        tables = logs(engine, store, state)
        answers = tables["answers"]
        latest = engine.table(answers.aggregate(latest=answers.ts.max()))["latest"]
        newest = pc.max(latest).as_py() or datetime.now(UTC)
        return shown_items(engine, tables, newest - timedelta(days=DAYS_NOW + DAYS_BEFORE))


def times_of(rows: pa.Table) -> Iterator[Times]:
    """By placement, the newest day and before; rows as `data.showing.shown` gives them."""
    if rows.num_rows:
        yield from split_at(rows, pc.max(rows["ts"]).as_py() - timedelta(days=DAYS_NOW))


def split_at(rows: pa.Table, moment: datetime) -> Iterator[Times]:
    """By placement, up to a moment and after it."""
    is_now = pc.greater(rows["ts"], pa.scalar(moment, rows["ts"].type))
    for placement in pc.unique(rows["placement"]).sort().to_pylist():
        here = pc.equal(rows["placement"], placement)
        yield Times(
            placement,
            _showing(rows.filter(pc.and_(here, pc.invert(is_now)))),
            _showing(rows.filter(pc.and_(here, is_now))),
        )


def _showing(rows: pa.Table) -> Showing:
    units = np.unique(rows["unit"].to_numpy(), return_inverse=True)[1]
    return Showing(
        rows["score"].to_numpy().astype(np.float64),
        rows["clicked"].to_numpy().astype(bool),
        rows["bought"].to_numpy().astype(bool),
        units.astype(np.int64),
        rows["release"].to_numpy().astype(np.int64),
    )
