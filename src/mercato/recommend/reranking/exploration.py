"""Places that show something further down, drawn by chance, so that its clicks can be learned from.

Each place is explored with chance ``share``, whatever stands there; what comes to explored places
is a random order of the ``pool`` candidates that found no place. By symmetry a place then shows

- the pick that belongs there with chance 1 - share,
- any one of the pool with chance share / pool,

each whatever the other places show: these are the chances that estimates of a place's clicks are
weighted by (inverse propensity scoring; for shelves as wholes Swaminathan et al. 2017,
https://arxiv.org/abs/1605.04812). Where the pool is smaller than the shelf, blanks fill it up, and
a place that draws one keeps its pick.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mercato.recommend.picks import Pick

POOL = 50
"""Candidates below the shelf from which is drawn."""


def explored(
    picks: Sequence[Pick], pool: Sequence[Pick], share: float, seed: int
) -> tuple[Pick, ...]:
    """The shelf as it is shown, each pick with its propensity; the same for the same seed."""
    if share <= 0 or not pool:
        return tuple(picks)
    random = np.random.default_rng(seed)
    tickets = max(len(pool), len(picks))
    drawn = iter(random.permutation(tickets).tolist())
    blanks = tickets - len(pool)
    kept = 1 - share + share * blanks / tickets
    shown = []
    for pick, explores in zip(picks, random.random(len(picks)) < share, strict=True):
        ticket = next(drawn) if explores else tickets
        if ticket < len(pool):
            chosen = replace(pool[ticket], score=pick.score, propensity=share / tickets)
        else:
            chosen = replace(pick, propensity=kept)
        shown.append(chosen)
    return tuple(shown)
