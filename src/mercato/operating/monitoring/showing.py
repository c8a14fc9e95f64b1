"""What was shown lately, and before: what monitors compare."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mercato.data.engines import Engine, open_engine
from mercato.data.experiments.logs import logs
from mercato.data.showing.shown import MOST_ANSWERS, TO_BUY, shown_items
from mercato.data.store import AssetStore
from mercato.state import State

DAYS_NOW, DAYS_BEFORE = 1, 28
"""The newest day, and the days before it that it is compared with."""

_DAY = 86_400_000_000

FEWEST = 500
"""Rows of either time below which nothing is compared. Assumed."""


@dataclass(frozen=True)
class Showing:
    """Items that were shown at one placement.

    score   : (n,) float64; clicked, bought : (n,) bool; unit, release, day : (n,) int64; days are
              those of UTC since 1970
    """

    score: NDArray[np.float64]
    clicked: NDArray[np.bool_]
    bought: NDArray[np.bool_]
    unit: NDArray[np.int64]
    release: NDArray[np.int64]
    day: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.score)

    def of(self, rows: NDArray[np.bool_]) -> "Showing":
        return Showing(
            self.score[rows],
            self.clicked[rows],
            self.bought[rows],
            self.unit[rows],
            self.release[rows],
            self.day[rows],
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
    """`shown_lately`, out of assets and state."""
    with open_engine() as engine:
        return shown_lately(engine, logs(engine, store, state))


def shown_lately(
    engine: Engine, tables: Mapping[str, ibis.Table], most: int = MOST_ANSWERS
) -> pa.Table:
    """What was shown in the days that are compared, see `data.showing.shown`.

    They begin at midnight, so that all looks of a day see the same of the days before.
    """
    answers = tables["answers"]
    latest = engine.table(answers.aggregate(latest=answers.ts.max()))["latest"]
    newest = pc.max(latest).as_py() or datetime.now(UTC)
    midnight = newest.replace(hour=0, minute=0, second=0, microsecond=0)
    since = midnight - timedelta(days=DAYS_NOW + DAYS_BEFORE) - TO_BUY
    return shown_items(engine, tables, since, newest, most)


def times_of(rows: pa.Table) -> Iterator[Times]:
    """By placement, the newest 24 hours of which clicks are known, and before; rows as
    `data.showing.shown` gives them."""
    newest = pc.max(rows.filter(pc.is_valid(rows["clicked"]))["ts"]).as_py()
    if newest is not None:
        begins = newest - timedelta(days=DAYS_NOW + DAYS_BEFORE)
        lately = rows.filter(pc.greater(rows["ts"], pa.scalar(begins, rows["ts"].type)))
        yield from split_at(lately, newest - timedelta(days=DAYS_NOW))


def days_of(rows: pa.Table) -> Iterator[Times]:
    """By placement, the newest whole day (UTC) of which purchases are known, and the days before.

    It is the same day at all looks until the next one is whole.
    """
    known = rows.filter(pc.is_valid(rows["bought"]))
    days = _days(known)
    whole = days[days < days.max(initial=0)]
    if len(whole):
        newest = whole.max()
        compared = (days <= newest) & (days >= newest - DAYS_BEFORE)
        yield from _parted(known.filter(pa.array(compared)), days[compared] == newest)


def split_at(rows: pa.Table, moment: datetime) -> Iterator[Times]:
    """By placement, up to a moment and after it, where clicks are known."""
    known = rows.filter(pc.is_valid(rows["clicked"]))
    is_now = pc.greater(known["ts"], pa.scalar(moment, known["ts"].type))
    yield from _parted(known, is_now.to_numpy().astype(bool))


def _parted(rows: pa.Table, is_now: NDArray[np.bool_]) -> Iterator[Times]:
    rows = rows.combine_chunks()
    coded = rows["placement"].combine_chunks().dictionary_encode()
    number = coded.indices.to_numpy()
    order = np.argsort(2 * number + is_now, kind="stable")
    ends = np.cumsum(np.bincount(2 * number + is_now, minlength=2 * len(coded.dictionary)))
    parts = np.split(order, ends[:-1])
    for at, placement in sorted(enumerate(coded.dictionary.to_pylist()), key=lambda each: each[1]):
        before, now = (rows.take(pa.array(each)) for each in parts[2 * at : 2 * at + 2])
        yield Times(placement, _showing(before), _showing(now))


def _showing(rows: pa.Table) -> Showing:
    units = rows["unit"].combine_chunks().dictionary_encode().indices
    return Showing(
        rows["score"].to_numpy().astype(np.float64),
        rows["clicked"].fill_null(False).to_numpy().astype(bool),
        rows["bought"].fill_null(False).to_numpy().astype(bool),
        units.to_numpy().astype(np.int64),
        rows["release"].to_numpy().astype(np.int64),
        _days(rows),
    )


def _days(rows: pa.Table) -> NDArray[np.int64]:
    moments: NDArray[np.int64] = rows["ts"].cast(pa.int64()).to_numpy()
    return moments // _DAY
