"""How many shoppers and days an experiment needs, from what shoppers did lately."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import numpy as np
import pyarrow as pa

from mercato.core.errors import BadInput, NotReady
from mercato.core.outcomes import Outcome
from mercato.data.assets.outcome_baselines import DAYS, OUTCOME_BASELINES
from mercato.data.casts import MOMENT
from mercato.data.engines import open_engine
from mercato.data.experiments.baselines import SCHEMA, baselines
from mercato.data.experiments.logs import logs
from mercato.data.experiments.ratios import RATIOS
from mercato.data.store import AssetStore
from mercato.evaluation.experiments.outcomes import DENOMINATOR, NUMERATOR, Moments
from mercato.evaluation.experiments.power import Plan, detectable, unit_deviation, units_needed
from mercato.shop.told import of_newest
from mercato.state import State

LOOKS = 28
"""Looks that the power is told for; more cost hardly any."""


@dataclass(frozen=True)
class Asked:
    """effect : that is worth finding, as a share of the metric's value now
    variants  : beside the control; all arms have the same share
    share     : of all shoppers that take part
    days      : of the log that are looked at
    """

    metric: Outcome
    effect: float
    variants: int = 1
    share: float = 1.0
    days: int = DAYS
    power: float = 0.8
    alpha: float = 0.05


@dataclass(frozen=True)
class Planned:
    """value, deviation : of the metric now, of one shopper
    shoppers_a_day  : that came for the first time in the days looked at
    planned_units   : in the control and one variant together
    days            : until they are there; None where nobody comes
    detectable      : the least effect that the shoppers of 28 such days would show, as a share
    """

    metric: Outcome
    value: float
    deviation: float
    shoppers_a_day: float
    planned_units: int
    days: float | None
    detectable: float


Baselines = Mapping[str, Mapping[str, Any]]
"""Outcome → its row of `data.experiments.baselines`."""


def plan(store: AssetStore, state: State, asked: Asked, until: datetime | None = None) -> Planned:
    """Plan an experiment on the newest days of the log, or on those before ``until``: reads all of
    the log as it is now.

    Raises BadInput for numbers that are none, NotReady where the log tells nothing of the metric.
    """
    _check(asked)
    return _planned(asked, _baselines(store, state, asked.days, until))


def plan_on_sums(store: AssetStore, asked: Asked) -> Planned:
    """The same of the newest `DAYS` days as they were last summed up, whatever ``asked.days``:
    reads no log. Raises NotReady also where nothing was summed up yet.
    """
    _check(asked)
    found = of_newest(store, OUTCOME_BASELINES.name, _by_outcome)
    if found is None:
        raise NotReady(
            "the newest weeks summed up",
            "nothing yet",
            "The server does it by itself, or: mercato assets DIR --sum-up",
        )
    return _planned(replace(asked, days=DAYS), found)


def _check(asked: Asked) -> None:
    if not (asked.days >= 1 and asked.variants >= 1 and 0 < asked.share <= 1):
        raise BadInput(
            "days and variants from 1, a share above 0 up to 1", f"{asked}", "Mend the plan."
        )


def _planned(asked: Asked, found: Baselines) -> Planned:
    row = found[asked.metric]
    shoppers, value = row["shoppers"], 0.0
    moments = _moments(row)
    if shoppers > 1 and float(moments.mean[DENOMINATOR]) > 0:
        value = float(moments.mean[NUMERATOR] / moments.mean[DENOMINATOR])
    if value <= 0:
        raise NotReady(
            f"{asked.metric} of some shoppers within {asked.days} days",
            f"{shoppers} shoppers, none with any",
            "Let the shop serve and log for a while, or plan on another metric.",
        )
    deviation = unit_deviation(moments)
    if deviation == 0:
        raise NotReady(
            f"shoppers that differ in {asked.metric}",
            f"{value:g} of each",
            "Plan on another metric, or on more days.",
        )
    arms = asked.variants + 1
    wanted = Plan(
        deviation,
        _variants_deviation(asked, value),
        control_share=1 / arms,
        variant_share=1 / arms,
        variants=asked.variants,
        alpha=asked.alpha,
        power=asked.power,
        looks=LOOKS,
    )
    needed = units_needed(wanted, asked.effect * value)
    a_day = shoppers / asked.days
    of_both = a_day * asked.share * 2 / arms
    return Planned(
        asked.metric,
        value,
        deviation,
        a_day,
        needed,
        needed / of_both if of_both else None,
        detectable(wanted, of_both * LOOKS) / value,
    )


def _moments(row: Mapping[str, Any]) -> Moments:
    covariance = np.array(
        [
            [row["numerator_variance"], row["covariance"]],
            [row["covariance"], row["denominator_variance"]],
        ]
    )
    mean = np.array([row["numerator_mean"], row["denominator_mean"]])
    return Moments(np.array(float(row["shoppers"])), mean, covariance * (row["shoppers"] - 1))


def _baselines(store: AssetStore, state: State, days: int, until: datetime | None) -> Baselines:
    with open_engine() as engine:
        tables = logs(engine, store, state)
        if until is None:
            newest = tables["events"].aggregate(ts=tables["events"].ts.max())
            until = engine.table(newest, pa.schema([("ts", MOMENT)]))["ts"][0].as_py()
        end = until or datetime.now(UTC)
        start = end - timedelta(days=days)

        def within(rows: ibis.Table) -> ibis.Table:
            return rows.filter(rows.ts >= ibis.literal(start), rows.ts <= ibis.literal(end))

        return _by_outcome(engine.table(baselines(tables, within, engine.kept), SCHEMA))


def _by_outcome(table: pa.Table) -> Baselines:
    return {row["outcome"]: row for row in table.to_pylist()}


def _variants_deviation(asked: Asked, value: float) -> float | None:
    """Of a rate of shoppers that rises with the effect; others are taken to vary as now."""
    rate = value * (1 + asked.effect)
    is_rate = RATIOS[asked.metric].denominator is None and asked.metric is not Outcome.REVENUE
    return float((rate * (1 - rate)) ** 0.5) if is_rate and 0 < rate < 1 else None
