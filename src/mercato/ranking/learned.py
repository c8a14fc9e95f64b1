"""The ranker of a release: a weighted sum of features, corrected by trees where it learned some."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mercato.models.lambdamart.graph import GRAPH_FILE, Score, open_graph, write_graph
from mercato.models.lambdamart.shapley import contributions
from mercato.models.lambdamart.trees import LEAF, Trees
from mercato.models.listwise import WeightedSum
from mercato.ranking.candidates import Candidates
from mercato.ranking.features import NAMES, features
from mercato.ranking.known_answers import KnownAnswers

SUM, TREES, KNOWN, FEATURES = "sum", "trees", "known", "features.json"
"""In a ranker's folder."""

SPREAD = 4.0
"""Scores are shown as 1 / (1 + exp(-raw / SPREAD)): above 0, so that rules can multiply them, and
far enough from 1 for float32 to tell them apart."""


@dataclass(frozen=True)
class Told:
    """Why one candidate scores what it does: ``base`` and the contributions add up to ``raw``.

    values        : (n_features,) in the order of `features.NAMES`
    contributions : (n_features,)
    score         : as it is shown
    """

    values: NDArray[np.float32]
    contributions: NDArray[np.float64]
    base: float
    raw: float
    score: float


def save_ranker(
    folder: Path,
    weighted: WeightedSum,
    trees: Trees | None = None,
    known: KnownAnswers | None = None,
) -> None:
    """Write what `LearnedRanker.open` opens."""
    folder.mkdir(parents=True, exist_ok=True)
    weighted.save(folder / SUM)
    (folder / FEATURES).write_text(json.dumps(NAMES, indent=1))
    if trees is not None:
        trees.save(folder / TREES)
        write_graph(trees, folder / TREES / GRAPH_FILE)
    if known is not None:
        known.save(folder / KNOWN)


@dataclass(frozen=True)
class LearnedRanker:
    """trees, correct : None where the weighted sum alone did better
    known          : answers that it learned from; None where it learned from none
    """

    sum: WeightedSum
    trees: Trees | None = None
    correct: Score | None = None
    known: KnownAnswers | None = None

    @classmethod
    def open(cls, folder: Path) -> "LearnedRanker | None":
        """None where it is the first stage's order, or was learned over other features than
        there are now. Raises NotReady where there is none, or one of another format."""
        weighted = WeightedSum.load(folder / SUM)
        named = folder / FEATURES
        if not named.is_file() or json.loads(named.read_text()) != list(NAMES):
            return None
        known = KnownAnswers.load(folder / KNOWN) if (folder / KNOWN).is_dir() else None
        if not (folder / TREES).is_dir():
            return cls(weighted, known=known) if weighted.weights[1:].any() else None
        trees = Trees.load(folder / TREES)
        return cls(weighted, trees, open_graph(folder / TREES / GRAPH_FILE), known)

    @cached_property
    def needed(self) -> NDArray[np.bool_]:
        """(n_features,) which features it looks at."""
        found = np.asarray(self.sum.weights != 0)
        if self.trees is not None:
            found[self.trees.feature[self.trees.feature != LEAF]] = True
        return found

    def scores(self, candidates: Candidates) -> NDArray[np.float32]:
        """(k,) above 0, higher is better."""
        return shown(self.raw(features(replace(candidates, known=self.known), self.needed)))

    def raw(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """(k,) of features (k, n_features), as they were learned."""
        total = self.sum.score(values)
        return total if self.correct is None else total + self.correct(values)

    def tell(self, candidates: Candidates, at: int) -> Told:
        """Of the candidate at a position."""
        return self.tell_each(candidates, [at])[0]

    def tell_each(self, candidates: Candidates, at: Sequence[int]) -> list[Told]:
        """Of the candidates at some positions; their features are worked out once."""
        values = features(replace(candidates, known=self.known))
        raw = self.raw(values)
        scores = shown(raw)
        return [
            Told(values[each], *self._contributions(values[each]), float(raw[each]), score)
            for each, score in zip(at, scores[list(at)].tolist(), strict=True)
        ]

    def _contributions(self, one: NDArray[np.float32]) -> tuple[NDArray[np.float64], float]:
        """What each feature of one candidate adds, and to what."""
        parts, base = self.sum.contributions(one)
        whole = parts.astype(np.float64)
        if self.trees is not None:
            of_trees, base_of_trees = contributions(self.trees, one)
            whole, base = whole + of_trees, base + base_of_trees
        return whole, base


def shown(raw: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores between 0 and 1, in the same order."""
    return np.asarray(1 / (1 + np.exp(-raw / np.float32(SPREAD))), np.float32)
