"""How relevant an item is to a query, from its clicks and from how often it was looked at."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.models.clicks.log import ClickLog
from mercato.models.clicks.propensities import Propensities

LEAST_STRENGTH, MOST_STRENGTH = 0.5, 1_000.0
"""Bounds, in looks, of what is thought of a pair before any was seen. Assumed."""


@dataclass(frozen=True)
class Relevance:
    """
    value   : (n_pairs,) float64, from 0, clicks for each time that the pair was looked at
    certain : (n_pairs,) float64, 0 to below 1, how far ``value`` is the pair's own clicks
    """

    value: NDArray[np.float64]
    certain: NDArray[np.float64]


UNWANTED_SHARE = 0.1
"""Of the pairs that were looked at; the rest may be worth something. Of 0, .1, .25, .5 and .75,
chosen on Icecat."""


def worth(relevance: Relevance) -> NDArray[np.float64]:
    """(n_pairs,) 0 to 1: what the clicks of a pair say above those that anything gets.

    Some of what is looked at is clicked although nobody wants it. That much is taken off: what a
    tenth of all pairs, each as far as it is certain, do not exceed. With it left on, hundreds of
    unwanted pairs would share most of what is to be gained. 1 is what few pairs exceed.
    """
    order = np.argsort(relevance.value)
    certain = np.cumsum(relevance.certain[order])
    at = np.searchsorted(certain, [UNWANTED_SHARE * certain[-1], 0.999 * certain[-1]])
    low, high = relevance.value[order][np.minimum(at, len(order) - 1)]
    return np.asarray(np.clip((relevance.value - low) / max(high - low, 1e-12), 0, 1))


def estimated_relevance(
    log: ClickLog, known: Propensities, strength: float | None = None
) -> Relevance:
    """Clicks over expected looks, drawn towards what is usual for the query and the places.

    The sum of clicks over the sum of propensities (clicks over expected clicks, Zhang & Jones 2007,
    https://doi.org/10.1145/1242572.1242767) is inverse propensity weighting (Joachims, Swaminathan
    & Schnabel 2017, https://arxiv.org/abs/1608.04468) with each showing weighted by how likely it
    was looked at: unbiased alike, and one click far below does not weigh a thousand.

    strength : looks that the usual counts as; None: `prior_strength`
    """
    looks = log.shown * known.of(log.position)
    examined, clicked = log.by_pair(looks), log.by_pair(log.clicked)
    usual = _usual(log, looks)
    if strength is None:
        strength = prior_strength(clicked, examined, usual)
    value = (clicked + strength * usual) / (examined + strength)
    return Relevance(value, examined / (examined + strength))


def _usual(log: ClickLog, looks: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n_pairs,) clicks a look of the places where a pair stood, times what sets its query apart.

    What a ranker puts far down is worse on the whole, and that is known of pairs nobody looked at.
    """
    overall = log.clicked.sum() / max(looks.sum(), 1e-12)
    at_place = (log.by_position(log.clicked) + overall) / (log.by_position(looks) + 1)
    weighed = log.by_pair(log.shown * at_place[log.position - 1])
    of_places = weighed / np.maximum(log.by_pair(log.shown), 1e-12)
    expected = np.bincount(log.query, log.by_pair(looks * at_place[log.position - 1]))
    clicks = np.bincount(log.query, log.by_pair(log.clicked))
    return np.asarray(of_places * ((clicks + 1) / (expected + 1))[log.query])


def prior_strength(
    clicked: NDArray[np.float64], examined: NDArray[np.float64], usual: NDArray[np.float64]
) -> float:
    """Looks that the usual rate is worth, by the method of moments; all (n_pairs,).

    Rates of pairs spread around the usual because pairs differ (v) and by chance (usual / looks).
    The usual then counts as usual × (1 - usual) / v looks, as for a beta-binomial (Casella 1985,
    https://doi.org/10.1080/00031305.1985.10479400).
    """
    by_chance = examined * usual
    between = ((clicked - by_chance) ** 2 - by_chance).sum() / max((examined**2).sum(), 1e-12)
    spread = float((usual * (1 - np.minimum(usual, 1))).mean())
    if between <= 0:
        return MOST_STRENGTH
    return float(np.clip(spread / between, LEAST_STRENGTH, MOST_STRENGTH))
