"""Whether a shelf is better ordered by a ranker: measured on days that it has not learned from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import Placement
from mercato.evaluation.intervals import bootstrap, paired_difference
from mercato.evaluation.metrics import Values, ndcg
from mercato.models.curves import Curve
from mercato.models.lambdamart.model import LambdaMart
from mercato.models.lambdamart.trees import Trees
from mercato.models.ranking_data import RankingData
from mercato.ranking.shelf_features import NAMES
from mercato.recommend.pool import network_columns
from mercato.training.shelf_ranker.lessons import LOOKED_AT, Lessons

FORMULA = "formula"
BLENDS: Mapping[str, float] = {"ranker": 0.0, "blend": 0.5}
"""How much of the formula is added to the chances, each divided by its greatest."""

NETWORK = " with transformer"
"""Ends the names of ways to order that look at what the shopper transformer says."""

FEWEST_BOUGHT = 500
"""Candidates that were bought, below which nothing is learned. Assumed."""

MOST_OTHERS = 120_000
"""Candidates of a moment that were not bought, of which more teach little: with 150,000 of home's
500,000 nDCG@20 on November 2017 of Complete Journey is .0585, the same as with 300,000 of two
moments."""

FILE = "comparison.json"

LEARNED = LambdaMart(
    objective="binary", n_trees=150, n_leaves=16, learning_rate=0.08, feature_share=0.4, bins=63
)
"""Chosen on November 2017 of Complete Journey. Log loss finds what lambdarank finds, in half the
time; 250 trees of 31 leaves find .002 more recall@20 of what is bought again, in three times."""


@dataclass(frozen=True)
class Compared:
    """One placement's ways of ordering, on the same shoppers.

    chosen     : the name of what was kept
    ndcg       : name → {"value", "low", "high"}, nDCG@20
    difference : name → the same, minus the formula's, paired by shopper
    left_out   : why nothing was compared
    gained     : by the best way with the transformer over the best without, where there is one
    """

    chosen: str
    shoppers: int
    ndcg: Mapping[str, Mapping[str, float]]
    difference: Mapping[str, Mapping[str, float]]
    left_out: str = ""
    gained: Mapping[str, float] | None = None

    @property
    def with_network(self) -> bool:
        return self.chosen.endswith(NETWORK)

    @property
    def blend(self) -> float:
        """How much of the formula is added by what was kept."""
        return BLENDS[self.chosen.removesuffix(NETWORK)]

    def told(self) -> str:
        """A part of a line for a terminal."""
        if not self.ndcg:
            return f"formula ({self.left_out})"
        values = ", ".join(f"{name} {of['value']:.3f}" for name, of in self.ndcg.items())
        return f"{self.chosen} of {values}"


@dataclass(frozen=True)
class Comparison:
    """of : by placement"""

    of: Mapping[str, Compared]

    def save(self, folder: Path) -> None:
        (folder / FILE).write_text(json.dumps(self.to_json(), indent=1))

    def to_json(self) -> dict[str, object]:
        return {placement: asdict(compared) for placement, compared in self.of.items()}

    @classmethod
    def open(cls, folder: Path) -> "Comparison":
        found = json.loads((folder / FILE).read_text())
        return cls({placement: Compared(**each) for placement, each in found.items()})

    def told(self) -> str:
        return "; ".join(f"{placement}: {each.told()}" for placement, each in self.of.items())

    def chosen(self) -> dict[Placement, str]:
        """Placements that a ranker orders, and which of BLENDS, with the transformer or without."""
        return {
            Placement(placement): each.chosen
            for placement, each in self.of.items()
            if each.chosen != FORMULA
        }


def learn(lessons: Sequence[Lessons]) -> tuple[Trees, Curve]:
    """The chance that a candidate is bought, from one moment or several, and how it was learned.

    Raises NotReady where LightGBM cannot be loaded.
    """
    parts = [_drawn(each) for each in lessons]
    return LEARNED.fit_told(
        RankingData(
            np.concatenate([each.features for each in parts]),
            np.concatenate([each.group for each in parts]),
            np.concatenate([each.gain for each in parts]),
        )
    )


def _drawn(lessons: Lessons) -> RankingData:
    """All that was bought, and of the other candidates at most MOST_OTHERS."""
    bought = np.asarray(lessons.bought)
    others = len(bought) - int(bought.sum())
    share = min(1.0, MOST_OTHERS / max(others, 1))
    kept = np.flatnonzero(bought | (np.random.default_rng(0).random(len(bought)) < share))
    shopper = np.repeat(np.arange(len(lessons)), lessons.group)[kept]
    return RankingData(
        lessons.features[kept],
        np.bincount(shopper, minlength=len(lessons)),
        bought[kept].astype(np.float32),
    )


def enough(lessons: Lessons) -> bool:
    return int(lessons.bought.sum()) >= FEWEST_BOUGHT


def compare(
    lessons: Lessons,
    score: NDArray[np.floating],
    with_network: NDArray[np.floating] | None = None,
) -> Compared:
    """What orders best, and whether the transformer adds to it.

    score        : (n,) log odds of the candidates, by trees that have not learned from them
    with_network : the same by trees that look at what the transformer says; None: there are none
    """
    values = {FORMULA: _values(lessons, lessons.formula)} | _blends(lessons, score, "")
    best = _best(values, FORMULA, tuple(BLENDS))
    gained = None
    if with_network is not None:
        values |= _blends(lessons, with_network, NETWORK)
        names = tuple(name + NETWORK for name in BLENDS)
        likeliest = max(names, key=lambda name: float(values[name].mean()))
        gained = paired_difference(values[likeliest], values[best]).to_json()
        best = _best(values, best, names)
    difference = {
        name: paired_difference(values[name], values[FORMULA]).to_json()
        for name in values
        if name != FORMULA
    }
    ndcgs = {name: bootstrap(of).to_json() for name, of in values.items()}
    return Compared(best, len(lessons), ndcgs, difference, "", gained)


def _best(values: Mapping[str, Values], so_far: str, names: Sequence[str]) -> str:
    """The best of ``names``, where it is better than what there is by its interval."""
    best = max(names, key=lambda name: float(values[name].mean()))
    return best if paired_difference(values[best], values[so_far]).low > 0 else so_far


def _blends(lessons: Lessons, score: NDArray[np.floating], end: str) -> dict[str, Values]:
    return {
        name + end: _values(lessons, blended(lessons, score, formula))
        for name, formula in BLENDS.items()
    }


def without_network(lessons: Lessons, placement: Placement) -> Lessons:
    """As if the transformer had said nothing."""
    features = np.array(lessons.features)
    features[:, len(NAMES) + network_columns(placement)] = 0
    return replace(lessons, features=features)


def blended(lessons: Lessons, score: NDArray[np.floating], formula: float) -> NDArray[np.floating]:
    """(n,) as `recommend.ranker.scored` adds them up."""
    chances = 1 / (1 + np.exp(-score.astype(np.float64)))
    if not formula:
        return chances
    return _of_greatest(lessons, chances) + formula * _of_greatest(lessons, lessons.formula)


def _of_greatest(lessons: Lessons, scores: NDArray[np.floating]) -> NDArray[np.floating]:
    """(n,) divided by the greatest of the shopper."""
    group = lessons.group[lessons.group > 0]
    greatest = np.maximum.reduceat(scores, np.cumsum(group) - group)
    return np.asarray(scores / np.maximum(np.repeat(greatest, group), 1e-9))


def _values(lessons: Lessons, scores: NDArray[np.floating]) -> Values:
    return ndcg(lessons.judged(scores), LOOKED_AT)
