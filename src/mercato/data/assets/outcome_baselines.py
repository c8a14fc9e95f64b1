"""What shoppers did in the newest weeks, by each outcome that an experiment can be about."""

from collections.abc import Mapping

import ibis

from mercato.core.outcomes import Outcome
from mercato.data.asset import Asset, DeriveContext
from mercato.data.checks import accepted, not_negative, required
from mercato.data.experiments.baselines import SCHEMA, baselines

DAYS = 28
"""Up to the newest event: four of each weekday."""


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """One row an outcome, see `data.experiments.baselines`, of the newest `DAYS` days."""
    newest = tables["events"].aggregate(newest=lambda events: events.ts.max())

    def within(rows: ibis.Table) -> ibis.Table:
        dated = rows.cross_join(newest)
        # Hours, since a day is not as long everywhere.
        start = dated.newest - ibis.interval(hours=24 * DAYS)
        return dated.filter(dated.ts >= start, dated.ts <= dated.newest).drop("newest")

    return baselines(tables, within, context.keep)


OUTCOME_BASELINES = Asset(
    name="outcome_baselines",
    description=f"What shoppers did in the newest {DAYS} days by outcome, and how much they "
    "differ: what an experiment is planned with.",
    owner="shop",
    keys=("outcome",),
    inputs=("events", "answers", "shopper_flags"),
    build=build,
    checks=(
        required("outcome", "Report this."),
        accepted("outcome", tuple(Outcome), "an outcome of experiments", "Report this."),
        not_negative("shoppers", "Report this."),
    ),
    schema=SCHEMA,
)
