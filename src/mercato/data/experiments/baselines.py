"""What shoppers do by each outcome of experiments, and how much they differ in it."""

from collections.abc import Mapping

import ibis
import pyarrow as pa

from mercato.core.outcomes import Outcome
from mercato.data.asset import Narrow
from mercato.data.experiments.ratios import RATIOS
from mercato.data.experiments.units import units_of_anybody

_FLOATS = (
    "numerator_mean",
    "denominator_mean",
    "numerator_variance",
    "denominator_variance",
    "covariance",
)

SCHEMA = pa.schema(
    [
        ("outcome", pa.string()),
        ("shoppers", pa.int64()),
        *((name, pa.float64()) for name in _FLOATS),
    ]
)


def baselines(tables: Mapping[str, ibis.Table], within: Narrow, keep: Narrow) -> ibis.Table:
    """One row of `SCHEMA` an outcome, over everybody who was seen in a span and is no program.

    What an outcome divides and what it is divided by (1 where it is a mean over shoppers) are sums
    of each shopper; their variances and their covariance are those of a sample, 0 of a single one.

    tables, within : as `units_of_anybody` has them
    keep : gives a table of the same rows that is computed once
    """
    units = keep(units_of_anybody(tables, within, keep))
    first, *others = (_measured(units, outcome) for outcome in RATIOS)
    for each in others:
        first = first.union(each)
    return first


def _measured(units: ibis.Table, outcome: Outcome) -> ibis.Table:
    ratio = RATIOS[outcome]
    one = ibis.literal(1.0)
    pairs = units.select(
        above=units[ratio.numerator],
        below=one if ratio.denominator is None else units[ratio.denominator],
    )
    told = pairs.aggregate(
        shoppers=pairs.count().cast("int64"),
        numerator_mean=pairs.above.mean(),
        denominator_mean=pairs.below.mean(),
        numerator_variance=pairs.above.var(),
        denominator_variance=pairs.below.var(),
        covariance=pairs.above.cov(pairs.below),
    )
    floats = {name: told[name].coalesce(0.0) for name in _FLOATS}
    return told.select("shoppers", outcome=ibis.literal(str(outcome)), **floats)[SCHEMA.names]
