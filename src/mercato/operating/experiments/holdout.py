"""What all experiments did together: everybody, beside those whom none of them touched."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from mercato.core.errors import NotReady
from mercato.core.outcomes import Outcome
from mercato.data.engines import Engine, open_engine
from mercato.data.experiments.logs import logs
from mercato.data.experiments.units import SCHEMA, Span, held_out_of, unit_sums, with_unit
from mercato.data.store import AssetStore
from mercato.evaluation.experiments.mismatch import ALPHA, mismatch_p_value
from mercato.evaluation.experiments.outcomes import Moments
from mercato.evaluation.experiments.reading import MetricRead, read_all
from mercato.operating.experiments.held_out import READING
from mercato.operating.experiments.measuring import moments_of, of_arm
from mercato.operating.experiments.reading import BEFORE_DAYS
from mercato.ranking.rules.windows import iso
from mercato.shop.experiments.book import HELD_OUT
from mercato.state import State
from mercato.state.experiments import StoredReading

OTHERS = "everybody else"

PLANNED_UNITS = 20_000
"""Shoppers where intervals are tightest. Assumed."""

LEVEL_LEFT = 0.05
"""The chance that an interval misses the truth at any look; of each metric by itself."""

_BEGUN = "holdout"


@dataclass(frozen=True)
class HoldoutReading:
    """begun, looked_at : microseconds since 1970 UTC; it begins anew with another share
    share   : that is held out
    units   : of those held out, and of everybody else
    p_value : of another share than that
    metrics : control: who is held out; variant: everybody else
    """

    begun: int
    looked_at: int
    share: float
    units: Mapping[str, int]
    p_value: float
    mismatch: bool
    metrics: tuple[MetricRead, ...]

    def to_json(self) -> dict[str, Any]:
        told = asdict(self)
        return told | {"begun": iso(self.begun), "looked_at": iso(self.looked_at)}


def look_at_holdout(store: AssetStore, state: State, share: float, now: int) -> HoldoutReading:
    """What it came to now, kept in the state. Raises as `read_holdout`."""
    found = read_holdout(store, state, share, now)
    state.readings.put(StoredReading(READING, now, found.to_json()))
    return found


def nobody_is_held_out(state: State, now: int) -> None:
    """What is held out later, be it as many, begins anew."""
    if state.get(_BEGUN) is not None:
        _note(state, 0.0, now)


def read_holdout(store: AssetStore, state: State, share: float, now: int) -> HoldoutReading:
    """From its beginning up to now, out of assets and state.

    share : as the settings have it. Raises NotReady where nobody is held out.
    """
    if not share:
        raise NotReady(
            "shoppers whom no experiment touches", "none", "Set holdout under [experiments]."
        )
    with open_engine() as engine:
        tables = logs(engine, store, state)
        begun = _begun(state, share, engine, tables, now)
        start, end = (datetime.fromtimestamp(each / 1e6, UTC) for each in (begun, max(begun, now)))
        # What shoppers did later was done under experiments: it may not be taken off.
        span = Span(start - timedelta(days=BEFORE_DAYS), start, end)
        seen = held_out_of(with_unit(tables["answers"]), HELD_OUT, OTHERS, span)
        units = engine.table(unit_sums(tables, seen, span, engine.kept), SCHEMA)
    arms = {name: of_arm(units, name) for name in (HELD_OUT, OTHERS)}
    counts = {name: arm.num_rows for name, arm in arms.items()}
    p_value = float(mismatch_p_value(np.array(list(counts.values())), (share, 1 - share)))
    metrics = read_all(
        _measured(arms[HELD_OUT]), _measured(arms[OTHERS]), PLANNED_UNITS, LEVEL_LEFT
    )
    return HoldoutReading(begun, now, share, counts, p_value, p_value <= ALPHA, metrics)


def _measured(units: pa.Table) -> dict[str, Moments]:
    found = {outcome: moments_of(units, outcome) for outcome in Outcome}
    return {str(name): each for name, each in found.items() if each is not None}


def _begun(state: State, share: float, engine: Engine, tables: Mapping[str, Any], now: int) -> int:
    """When this share was first held out: noted at the first look, since the log forgets."""
    kept = state.get(_BEGUN)
    noted = None if kept is None else orjson.loads(kept)
    if noted is not None and noted["share"] == share:
        return int(noted["begun"])
    begun = now
    if noted is None:
        answers = tables["answers"]
        held = answers.filter(answers.variant == HELD_OUT)
        (first,) = engine.table(held.aggregate(first=held.ts.min()))["first"].to_pylist()
        begun = now if first is None else round(first.timestamp() * 1_000_000)
    _note(state, share, begun)
    return begun


def _note(state: State, share: float, begun: int) -> None:
    state.set(_BEGUN, orjson.dumps({"share": share, "begun": begun}).decode())
