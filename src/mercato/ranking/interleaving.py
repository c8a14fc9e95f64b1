"""Two rankings in one answer, so that each shopper compares them: which is clicked is better.

Team draft (Radlinski, Kurup & Joachims 2008, https://doi.org/10.1145/1458082.1458092): as captains
choose teams, the rankings choose their best item that is still free, in turns whose first is drawn.
An item counts for the ranking that chose it. Between rankings that are alike, each is clicked as
often: what stands higher is chosen by either with the same chance.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")

FIRST, SECOND = 0, 1


@dataclass(frozen=True)
class Interleaved(Generic[T]):
    """teams : of each item, the ranking that chose it, FIRST or SECOND"""

    items: tuple[T, ...]
    teams: tuple[int, ...]

    def credit(self, clicked: Collection[T]) -> int:
        """Which ranking the answer speaks for: 1 the second, -1 the first, 0 neither (no click, or
        as many on both)."""
        teams = [team for item, team in zip(self.items, self.teams, strict=True) if item in clicked]
        return int(np.sign(teams.count(SECOND) - teams.count(FIRST)))


def team_draft(first: Sequence[T], second: Sequence[T], n: int, seed: int) -> Interleaved[T]:
    """The first ``n`` places; fewer where both rankings have fewer. The same for the same seed."""
    random = np.random.default_rng(seed)
    chosen: dict[T, int] = {}
    waiting = (_free(first, chosen), _free(second, chosen))
    picks = [0, 0]
    while len(chosen) < n:
        begins = int(random.integers(2)) if picks[0] == picks[1] else int(picks[1] < picks[0])
        for team in (begins, 1 - begins):
            item = next(waiting[team], None)
            if item is not None:
                chosen[item] = team
                picks[team] += 1
                break
        else:
            break
    return Interleaved(tuple(chosen), tuple(chosen.values()))


def _free(ranking: Sequence[T], chosen: dict[T, int]) -> Iterator[T]:
    return (item for item in ranking if item not in chosen)
