"""What a bandit knows of how a shelf is best ordered: the chance of a click as a linear function of
an item and its place.

Before anything is seen it believes in the order that the shelf has without it: the belief counts as
much as clicks of so many shown items. The place is a feature, so that what stands higher and is
clicked more for that alone does not count as liked; when a place is filled it is the same for all
candidates, and decides nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mercato.ranking.bandits.choice import Floats, explored
from mercato.ranking.bandits.lin_ucb import LinUcb
from mercato.ranking.bandits.linear_thompson import LinearThompson, drawn_weights

FEATURES = ("always", "score", "rank", "popularity", "price", "new", "place")
"""score : as a share of the shelf's best; rank : among the candidates, 1 / log2(1 + it)
popularity : log of shoppers who know the item, as a share of the candidates' greatest
price : 0 to 1 among its kind, .5 where unknown; new : whether nobody knows it
place : 1 / log2(1 + the place it is shown at)
"""

_PLACE = FEATURES.index("place")

PRIOR = (0.0, 0.10, 0.05, 0.0, 0.0, 0.0, 0.05)
"""Clicks expected of an item's features before anything is seen. Assumed."""

PRIOR_SHOWN = 100.0
"""Shown items that the prior counts for. Assumed."""

LIN_UCB, LINEAR_THOMPSON = "lin-ucb", "linear-thompson"

WIDTH = 0.1
"""Standard deviations that what is unknown counts for, or of a reward: that of a click of rate .01
to .1 is .1 to .3. Assumed."""

SHARE = 0.05
"""Of places, spread evenly over all candidates, so that the log tells of other orders."""

Learner = LinUcb | LinearThompson


def learner_of(order: str, sums: Mapping[str, Any] | None = None) -> Learner:
    """What is believed now.

    order : LIN_UCB or LINEAR_THOMPSON
    sums  : of `to_json`; None before anything was seen
    """
    d = len(FEATURES)
    empty: Learner
    if order == LIN_UCB:
        empty = LinUcb.empty(d, width=WIDTH, share=SHARE, ridge=PRIOR_SHOWN)
    else:
        empty = LinearThompson.empty(d, width=WIDTH, share=SHARE, ridge=PRIOR_SHOWN)
    if sums is None:
        return replace(empty, products=PRIOR_SHOWN * np.array(PRIOR))
    squares = np.array(sums["squares"], np.float64)
    return replace(empty, squares=squares, products=np.array(sums["products"], np.float64))


def to_json(learner: Learner) -> dict[str, Any]:
    return {"squares": learner.squares.tolist(), "products": learner.products.tolist()}


Placing = Callable[[int, NDArray[np.int64]], Floats]
"""Place, counted from 0, and the candidates that are left → the chance of each to be shown there;
they make 1."""


def placing(learner: Learner, features: Floats, random: np.random.Generator) -> Placing:
    """For one shelf, of candidates with these features (m, d), whose place is filled in here."""
    if isinstance(learner, LinearThompson):
        return _by_draws(learner, features, random)

    def at(place: int, left: NDArray[np.int64]) -> Floats:
        there = features[left]
        there[:, _PLACE] = worth_of(place)
        return learner.chances(there).values

    return at


def _by_draws(learner: LinearThompson, features: Floats, random: np.random.Generator) -> Placing:
    """The same draws for all places: a chance is the share of them under which a candidate is the
    best of those left, so that it is exact given the draws. The place adds the same to all."""
    weights = drawn_weights(*learner.fit, learner.width, random, learner.draws)
    scores = features @ weights.T  # (m, draws)

    def at(place: int, left: NDArray[np.int64]) -> Floats:
        best = np.bincount(scores[left].argmax(axis=0), minlength=len(left))
        return explored(best / learner.draws, learner.share)

    return at


def worth_of(place: int) -> float:
    """The feature of a place, counted from 0."""
    return float(1 / np.log2(2 + place))
