"""Rates of few trials, drawn towards the shop's mean."""

import ibis

STRONGEST = 10_000.0
"""Trials that the prior weighs at most, where items do not differ beyond chance."""


def smoothed(rows: ibis.Table, name: str, *, successes: str, trials: str) -> ibis.Table:
    """Add the column ``name``: (successes + α) / (trials + α + β), under a beta prior fitted by
    moments over all rows with trials; null where no row has any.

    With rates p of n trials, mean m and variance v over rows, the share of the variance that is
    between rows is ρ = (v / (m (1 - m)) - h) / (1 - h), h the mean of 1 / n, and
    α + β = 1 / ρ - 1, α = m (α + β) (Kleinman, Proportions with extraneous variance, JASA 1973,
    unweighted). Successes beyond the trials (bought without a view) count as the trials.
    """
    tried = rows[trials].cast("float64")
    won = ibis.least(rows[successes], rows[trials]).cast("float64")
    rate = won / tried.nullif(0.0)
    prior = rows.aggregate(
        _mean=rate.mean(), _variance=rate.var(how="pop"), _h=(1.0 / tried.nullif(0.0)).mean()
    )
    spread = prior._variance / (prior._mean * (1.0 - prior._mean)).nullif(0.0)
    between = (spread - prior._h) / (1.0 - prior._h).nullif(0.0)
    weight = ibis.ifelse(between > 1.0 / (1.0 + STRONGEST), 1.0 / between - 1.0, STRONGEST)
    prior = prior.select(_mean="_mean", _weight=weight.coalesce(STRONGEST).clip(lower=0.0))
    joined = rows.cross_join(prior)
    drawn = (ibis.least(joined[successes], joined[trials]) + joined._mean * joined._weight) / (
        joined[trials] + joined._weight
    )
    return joined.mutate(**{name: drawn}).drop("_mean", "_weight")
