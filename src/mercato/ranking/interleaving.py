"""Two rankings in one answer, so that each shopper compares them: which is clicked is better.

Team draft (Radlinski, Kurup & Joachims 2008, https://doi.org/10.1145/1458082.1458092): as captains
choose teams, the rankings choose their best item that is still free, in rounds; who chooses first
is drawn for each round. An item counts for the ranking that chose it. Where a round finds that both
want the same, it counts for neither: clicks on it say nothing of either, and would only add noise
(Chapelle et al. 2012 leave out those of equal tops, https://doi.org/10.1145/2094072.2094078).
Whoever clicks places whatever stands there favours no side: with either coin of a round, the same
two places are one of each.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")

FIRST, SECOND, BOTH = 0, 1, 2


@dataclass(frozen=True)
class Interleaved(Generic[T]):
    """teams : of each item, the ranking that it counts for, FIRST, SECOND or BOTH"""

    items: tuple[T, ...]
    teams: tuple[int, ...]

    def credit(self, clicked: Collection[T]) -> int:
        """Which ranking the answer speaks for: 1 the second, -1 the first, 0 neither (no click, or
        as many on both)."""
        teams = [team for item, team in zip(self.items, self.teams, strict=True) if item in clicked]
        return int(np.sign(teams.count(SECOND) - teams.count(FIRST)))


def team_draft(first: Sequence[T], second: Sequence[T], n: int, seed: int) -> Interleaved[T]:
    """The first ``n`` places; fewer where both rankings have fewer.

    seed : another one for each answer; the same draft for the same seed
    """
    random = np.random.default_rng(seed)
    chosen: dict[T, int] = {}
    while len(chosen) < n:
        wanted = [_best_free(ranking, chosen) for ranking in (first, second)]
        if len(wanted[FIRST]) == 0 or len(wanted[SECOND]) == 0 or wanted[FIRST] == wanted[SECOND]:
            rest = wanted[FIRST] or wanted[SECOND]
            if not rest:
                break
            chosen[rest[0]] = BOTH
            continue
        begins = int(random.integers(2))
        chosen[wanted[begins][0]] = begins
        if len(chosen) < n and (next_ := _best_free((first, second)[1 - begins], chosen)):
            chosen[next_[0]] = 1 - begins
    return Interleaved(tuple(chosen), tuple(chosen.values()))


def _best_free(ranking: Sequence[T], chosen: dict[T, int]) -> list[T]:
    """The best item that is not chosen yet; none where all are."""
    return list(islice((item for item in ranking if item not in chosen), 1))
