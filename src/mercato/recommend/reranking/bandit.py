"""Places that a bandit fills: each by one of the candidates that are left, with a chance that is
logged.

The chance of a place is given what stands above it, so that those of all places multiply to the
chance of the whole shelf; estimates from the log weigh by them as by a cascade's (McInerney et al.
2020, https://arxiv.org/abs/2007.12986).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mercato.ranking.bandits.choice import drawn
from mercato.ranking.bandits.shelf_order import FEATURES, Learner, placing, worth_of
from mercato.recommend.asked import Asked, as_rows
from mercato.recommend.picks import Pick
from mercato.recommend.reranking.price import price_positions

_PLACE = FEATURES.index("place")

Floats = NDArray[np.float64]


def ordered(picks: Sequence[Pick], n: int, learner: Learner, asked: Asked) -> tuple[Pick, ...]:
    """The first ``n`` of the candidates ``picks``, best first, in the order that the bandit gives
    them; the same for the same seed. Each has its chance and its features."""
    if not picks:
        return ()
    random = np.random.default_rng(asked.context.seed)
    features = features_of(picks, asked)
    chances_at = placing(learner, features, random)
    left = np.arange(len(picks))
    shown = []
    for place in range(min(n, len(picks))):
        choice = drawn(chances_at(place, left), random)
        at = int(left[choice.arm])
        left = np.delete(left, choice.arm)
        features[at, _PLACE] = worth_of(place)
        told = tuple(round(float(each), 4) for each in features[at])
        chosen = replace(picks[at], score=picks[place].score, propensity=choice.propensity)
        shown.append(replace(chosen, features=told))
    return tuple(shown)


def features_of(picks: Sequence[Pick], asked: Asked) -> Floats:
    """(m, d) of candidates in their own order, see `ranking.bandits.shelf_order.FEATURES`; that of
    the place is 0."""
    rows = as_rows([pick.row for pick in picks])
    scores = np.array([pick.score for pick in picks])
    popularity = np.log1p(np.maximum(asked.catalogue.popularity[rows].astype(np.float64), 0))
    base = asked.catalogue.base_of[rows]
    price = np.append(price_positions(asked.catalogue), np.float32(np.nan))[base]
    return np.column_stack(
        [
            np.ones(len(rows)),
            scores / max(float(scores.max()), 1e-9),
            1 / np.log2(2 + np.arange(len(rows))),
            popularity / max(float(popularity.max()), 1e-9),
            np.where(np.isnan(price), 0.5, price),
            popularity == 0,
            np.zeros(len(rows)),
        ]
    ).astype(np.float64)
