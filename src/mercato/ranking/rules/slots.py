"""Banners that share a slot: an answer shows one of them, the likelier the more it is clicked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from mercato.ranking.bandits.choice import Floats, drawn
from mercato.ranking.rules.actions import Banner

_MOST_KEPT = 1_000
"""Sets of rivals whose chances stay in memory; which rivals meet follows from rules and queries."""


@dataclass(frozen=True)
class Placed:
    """A banner that is shown. propensity : the chance with which it was, to be logged"""

    banner: Banner
    propensity: float = 1.0


@dataclass(frozen=True)
class BannerClicks:
    """What became of banners so far, by their id.

    shown   : answers that had it
    clicked : of those, answers whose banner was clicked
    """

    shown: Mapping[str, int] = field(default_factory=dict)
    clicked: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def _chances(self) -> dict[tuple[str, ...], Floats]:
        return {}

    def chances(self, ids: tuple[str, ...]) -> Floats:
        """(n,) of each to be shown where all of ``ids`` could be: that it is the best (Thompson
        sampling). Worked out once."""
        found = self._chances.get(ids)
        if found is None:
            # Imported where two banners compete: a shop without any need not load SciPy for it.
            from mercato.ranking.bandits.bernoulli_thompson import BernoulliThompson

            clicked = np.array([self.clicked.get(each, 0) for each in ids], np.float64)
            shown = np.array([self.shown.get(each, 0) for each in ids], np.float64)
            belief = BernoulliThompson(clicked, np.maximum(shown - clicked, 0.0))
            found = belief.chances().values
            if len(self._chances) >= _MOST_KEPT:
                self._chances.clear()
            self._chances[ids] = found
        return found


def placed(
    banners: Sequence[Banner], clicks: BannerClicks, random: np.random.Generator
) -> tuple[Placed, ...]:
    """Those without a slot, and of each slot one; each slot stands where its first banner does."""
    slots: dict[tuple[str, str], list[Banner]] = {}
    for each in banners:
        slots.setdefault((each.slot, "" if each.slot else each.id), []).append(each)
    return tuple(_one_of(rivals, clicks, random) for rivals in slots.values())


def _one_of(rivals: Sequence[Banner], clicks: BannerClicks, random: np.random.Generator) -> Placed:
    if len(rivals) == 1:
        return Placed(rivals[0])
    choice = drawn(clicks.chances(tuple(each.id for each in rivals)), random)
    return Placed(rivals[choice.arm], choice.propensity)
