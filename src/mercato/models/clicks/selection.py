"""Which estimate of the propensities foretells clicks best at places that it did not see."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mercato.models.clicks.harvesting import harvested
from mercato.models.clicks.log import ClickLog
from mercato.models.clicks.position_based import fit_position_based
from mercato.models.clicks.propensities import Propensities, unbiased
from mercato.models.clicks.regression_em import fit_regression_em
from mercato.models.clicks.relevance import LEAST_STRENGTH, estimated_relevance

Estimator = Callable[[ClickLog], Propensities | None]


def best_propensities(
    log: ClickLog, features: NDArray[np.floating] | None = None, *, seed: int = 0
) -> Propensities:
    """The estimator that carries a pair's clicks from some places to others best, on all of a log.

    features : (n_pairs, n_features) of what the pairs are, for the regression; None: without it

    Where no item ever moved, only features tell places and relevance apart; without them nothing is
    corrected.
    """
    seen, held_out = log.apart(np.random.default_rng(seed))
    if not len(held_out.pair):
        still = unbiased(log.n_positions)
        return still if features is None else fit_regression_em(log, features)
    known = estimators(features)
    found = [(estimate, estimate(seen)) for estimate in known]
    likelihood = [
        -np.inf if each is None else click_likelihood(held_out, seen, each) for _, each in found
    ]
    best = found[int(np.argmax(likelihood))][0](log)
    assert best is not None, "a part of the log was enough"
    return best


def estimators(features: NDArray[np.floating] | None = None) -> tuple[Estimator, ...]:
    """All that can be used; ``features``: (n_pairs, n_features), for the regression EM."""
    known: tuple[Estimator, ...] = (
        lambda log: unbiased(log.n_positions),
        harvested,
        fit_position_based,
    )
    if features is None:
        return known
    return (*known, lambda log: fit_regression_em(log, features))


def click_likelihood(held_out: ClickLog, seen: ClickLog, known: Propensities) -> float:
    """The mean log of the chance of what shoppers did, in nats a showing, higher is better.

    held_out, seen : of the same pairs at different places; relevance is taken from ``seen``
    """
    # Hardly drawn towards what is usual at a place: the places are in question here.
    relevance = estimated_relevance(seen, known, LEAST_STRENGTH).value[held_out.pair]
    chance = np.clip(known.of(held_out.position) * relevance, 1e-6, 1 - 1e-6)
    passed = held_out.shown - held_out.clicked
    total = (held_out.clicked * np.log(chance) + passed * np.log1p(-chance)).sum()
    return float(total / held_out.shown.sum())
