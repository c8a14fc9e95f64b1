"""Sums of units → moments of each metric in each arm."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mercato.core.outcomes import Outcome
from mercato.data.experiments.ratios import RATIOS
from mercato.data.experiments.units import ARM, BEFORE
from mercato.evaluation.experiments.outcomes import Moments, measured

Floats = NDArray[np.float64]


def of_arm(units: pa.Table, arm: str) -> pa.Table:
    return units.filter(pc.equal(units[ARM], arm))


def moments_of(units: pa.Table, outcome: Outcome) -> Moments | None:
    """A metric over units, less nothing yet of what was before; None for fewer than two units."""
    if units.num_rows < 2:
        return None
    ratio = RATIOS[outcome]
    count = None if ratio.denominator is None else _column(units, ratio.denominator)
    names = [name + BEFORE for name in (ratio.numerator, ratio.denominator) if name is not None]
    before = np.stack([_column(units, name) for name in names], axis=-1)
    return measured(_column(units, ratio.numerator), count, before)


def _column(units: pa.Table, name: str) -> Floats:
    return np.asarray(units[name].to_numpy(), np.float64)
