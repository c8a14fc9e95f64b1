"""What an experiment's goal came to in each segment: for questions, never for decisions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mercato.data.experiments.segments import By
from mercato.evaluation.experiments.reading import MetricRead, read_all
from mercato.evaluation.experiments.sequential import LEAST_UNITS
from mercato.operating.experiments.measuring import moments_of, of_arm
from mercato.shop.experiments.definition import Definition

MOST: Mapping[By, int] = {By.SHOPPER: 2, By.CHANNEL: 4, By.RFM: 6}
"""Segments that are shown, the largest of each kind. Assumed."""

AT_ONCE = sum(MOST.values())
"""What alpha is divided by (Bonferroni), however many are shown: a divisor that grew with the log
would not hold at every look at once."""


@dataclass(frozen=True)
class SegmentRead:
    """The goal of a variant and of the control in one segment.

    segment : None of all that are too small to be shown; then the interval has no end
    units   : of the control and of the variant
    """

    arm: str
    by: By
    segment: str | None
    units: tuple[int, int]
    metric: MetricRead


def read_segments(units: pa.Table, definition: Definition) -> tuple[SegmentRead, ...]:
    """Of each variant that was not stopped.

    units : as `data.experiments.segments.SEGMENTED`

    A kind of segment is left out where not two of it are large enough to be shown, and a segment
    where the goal could not be measured in either arm.
    """
    arms = [arm.name for arm in definition.arms if arm.stopped is None]
    control, *variants = arms
    found = []
    for by in By:
        shown = _shown(units, arms, by)
        if len(shown) > 1:
            parts = list(_parts(units, by, shown))
            found += [
                told
                for variant in variants
                for name, part in parts
                if (told := _read(part, by, name, (control, variant), definition)) is not None
            ]
    return tuple(found)


def _shown(units: pa.Table, arms: Sequence[str], by: By) -> list[str]:
    """The largest first, of those with enough units in every arm."""
    least = [_counts(of_arm(units, arm), by) for arm in arms]
    enough = {
        name: sum(counts.get(name, 0) for counts in least)
        for name in least[0]
        if min(counts.get(name, 0) for counts in least) >= LEAST_UNITS / 2
    }
    return sorted(enough, key=lambda name: (-enough[name], name))[: MOST[by]]


def _counts(units: pa.Table, by: By) -> dict[str, int]:
    counted = pc.value_counts(units[by].drop_null()).to_pylist()
    return {each["values"]: each["counts"] for each in counted}


def _parts(units: pa.Table, by: By, shown: Sequence[str]) -> Iterator[tuple[str | None, pa.Table]]:
    for name in shown:
        yield name, units.filter(pc.equal(units[by], name))
    yield None, units.filter(pc.invert(pc.is_in(units[by], pa.array(shown))))


def _read(
    part: pa.Table,
    by: By,
    name: str | None,
    arms: tuple[str, str],
    definition: Definition,
) -> SegmentRead | None:
    control, variant = (of_arm(part, arm) for arm in arms)
    moments = [moments_of(each, definition.goal) for each in (control, variant)]
    if moments[0] is None or moments[1] is None:
        return None
    goal = str(definition.goal)
    alpha = definition.alpha / len(definition.variants) / AT_ONCE
    read = read_all({goal: moments[0]}, {goal: moments[1]}, definition.planned_units, alpha)
    if not read:
        return None
    metric = read[0]
    if name is None:
        metric = replace(metric, low=-np.inf, high=np.inf, p_value=1.0)
    return SegmentRead(arms[1], by, name, (control.num_rows, variant.num_rows), metric)
