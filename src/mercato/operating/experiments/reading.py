"""Look at an experiment: what shoppers did under each arm, and what may be said of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from mercato.core.outcomes import HIGHER_IS_BETTER
from mercato.data.engines import Engine, open_engine
from mercato.data.experiments.logs import logs
from mercato.data.experiments.segments import SEGMENTED, segmented, users_as_of
from mercato.data.experiments.units import (
    SCHEMA,
    Span,
    seen_of,
    unit_sums,
    with_unit,
)
from mercato.data.store import AssetStore
from mercato.evaluation.experiments.mismatch import ALPHA, mismatch_p_value
from mercato.evaluation.experiments.outcomes import Moments
from mercato.evaluation.experiments.preference import preference
from mercato.evaluation.experiments.reading import (
    Guard,
    VariantRead,
    Wanted,
    read_effects,
    read_variant,
)
from mercato.operating.experiments.learning import credited, learned
from mercato.operating.experiments.measuring import moments_of, of_arm
from mercato.operating.experiments.segments import SegmentRead, read_segments
from mercato.ranking.bandits.shelf_order import learner_of, to_json
from mercato.ranking.rules.windows import iso
from mercato.shop.experiments.definition import INTERLEAVED, Definition, Kind
from mercato.state import State

BEFORE_DAYS = 28
"""Days before the experiment whose sums count as what was known before."""

PREFERENCE = "preference"
"""What interleaving measures: from -1, always the first ranking, to 1, always the second."""


@dataclass(frozen=True)
class Reading:
    """begun, looked_at : microseconds since 1970 UTC
    units    : arm → units that saw it
    p_value  : of other shares of arms than designed; 1 for interleaving, which has one arm
    orders   : arm → sums of its bandit
    segments : the goal in segments that were fixed before; nothing is decided by them. None of
               interleaving, nor where shares of arms are wrong
    """

    experiment: str
    begun: int
    looked_at: int
    units: Mapping[str, int]
    p_value: float
    mismatch: bool
    variants: tuple[VariantRead, ...]
    orders: Mapping[str, Any] = field(default_factory=dict)
    segments: tuple[SegmentRead, ...] = ()

    def to_json(self) -> dict[str, Any]:
        told = asdict(self)
        return told | {"begun": iso(self.begun), "looked_at": iso(self.looked_at)}


def read_experiment(
    store: AssetStore, state: State, definition: Definition, begun: int, now: int
) -> Reading:
    """What an experiment came to from its beginning up to now, out of assets and state.

    begun : when it was created; no answer before it or its ``starts_at`` counts
    """
    start = max(begun, definition.starts_at or 0)
    span = _span(start, now if definition.ends_at is None else min(now, definition.ends_at))
    arms = _arms(definition)
    with open_engine() as engine:
        tables = logs(engine, store, state)
        seen = seen_of(with_unit(tables["answers"]), definition.name, arms, span)
        sums = engine.kept(unit_sums(tables, seen, span, engine.kept))
        reading = Reading(definition.name, start, now, {}, 1.0, False, ())
        if definition.kind is Kind.INTERLEAVING:
            units = engine.table(sums, SCHEMA)
            told = credited(engine, seen, tables, units)
            return _interleaved(definition, reading, units, told)
        users = users_as_of(engine, store, start)
        divided = segmented(sums, seen, tables["events"], users, span.start)
        found = _compared(definition, reading, engine.table(divided, SEGMENTED))
        return replace(found, orders=_orders(engine, definition, tables, span))


def _arms(definition: Definition) -> tuple[str, ...]:
    if definition.kind is Kind.INTERLEAVING:
        return (INTERLEAVED,)
    return tuple(arm.name for arm in definition.arms)


def _span(start: int, end: int) -> Span:
    begin = datetime.fromtimestamp(start / 1_000_000, UTC)
    ends = datetime.fromtimestamp(max(end, start) / 1_000_000, UTC)
    return Span(begin - timedelta(days=BEFORE_DAYS), begin, ends)


def _wanted(definition: Definition) -> Wanted:
    guards = [
        Guard(each.metric, HIGHER_IS_BETTER[each.metric], each.margin)
        for each in definition.guardrails
    ]
    return Wanted(
        definition.goal,
        HIGHER_IS_BETTER[definition.goal],
        guards,
        definition.planned_units,
        len(definition.variants),
        definition.alpha,
    )


def _compared(definition: Definition, reading: Reading, units: pa.Table) -> Reading:
    """Each variant that was not stopped beside the control."""
    counts = {arm: of_arm(units, arm).num_rows for arm in _arms(definition)}
    # A variant that was stopped gets no new units; the others' go on in the same proportions.
    whole = [arm for arm in definition.arms if arm.stopped is None]
    shares = np.array([arm.share for arm in whole])
    seen = np.array([counts[arm.name] for arm in whole])
    p_value = float(mismatch_p_value(seen, (shares / shares.sum()).tolist()))
    metrics = [definition.goal, *(each.metric for each in definition.guardrails)]
    moments: dict[str, dict[str, Moments]] = {}
    for arm in whole:
        measured = {each: moments_of(of_arm(units, arm.name), each) for each in metrics}
        moments[arm.name] = {name: told for name, told in measured.items() if told is not None}
    wanted, mismatch = _wanted(definition), p_value <= ALPHA
    variants = tuple(
        read_variant(
            arm.name, moments[definition.control.name], moments[arm.name], wanted, mismatch
        )
        for arm in whole[1:]
    )
    return replace(
        reading,
        units=counts,
        p_value=p_value,
        mismatch=mismatch,
        variants=variants,
        segments=() if mismatch else read_segments(units, definition),
    )


def _interleaved(
    definition: Definition, reading: Reading, units: pa.Table, told: Moments | None
) -> Reading:
    effects = {} if told is None else {PREFERENCE: preference(told)}
    wanted = Wanted(PREFERENCE, True, (), definition.planned_units, 1, definition.alpha)
    second = definition.variants[0].name
    variant = read_effects(second, effects, wanted, mismatch=False)
    return replace(reading, units={INTERLEAVED: units.num_rows}, variants=(variant,))


def _orders(
    engine: Engine, definition: Definition, tables: Mapping[str, Any], span: Span
) -> dict[str, Any]:
    found = {}
    for arm in definition.arms:
        if arm.changes.order is not None:
            answers = with_unit(tables["answers"])
            seen = seen_of(answers, definition.name, (arm.name,), span)
            learner = learner_of(arm.changes.order)
            found[arm.name] = to_json(learned(engine, seen, tables, learner))
    return found
