"""The rankers of a release's shelves: for each placement trees that tell the chance of a purchase,
over features of shopper and item."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import Placement
from mercato.models.lambdamart.graph import GRAPH_FILE, Score, open_graph, write_graph
from mercato.models.lambdamart.trees import LEAF, Trees
from mercato.models.saving import Saved
from mercato.ranking.shelf_facts import ShelfFacts
from mercato.ranking.shelf_features import FAMILIES, NAMES, features
from mercato.ranking.shelf_features.pairs import Pairs

FACTS, TREES, USUAL, ABOUT = "facts", "trees", "usual", "about.json"
"""In the folder of a release's rankers."""


@dataclass(frozen=True)
class Usual(Saved):
    """values : (n_features,) float32, of the median candidate that a ranker learned from"""

    values: NDArray[np.float32]


@dataclass(frozen=True)
class ShelfRanker:
    """Of one placement.

    said    : names of what retrievers say, in the order of its features
    formula : how much of the first stage's own score is added, each divided by its greatest
    usual   : (n_features,) of the median candidate
    """

    trees: Trees
    score: Score
    said: tuple[str, ...]
    formula: float
    usual: NDArray[np.float32]

    @cached_property
    def needed(self) -> NDArray[np.bool_]:
        """(n_features,) which features it looks at."""
        found = np.zeros(self.trees.n_features, bool)
        found[self.trees.feature[self.trees.feature != LEAF]] = True
        return found

    @cached_property
    def groups(self) -> tuple[tuple[str, slice], ...]:
        """Features that are one reason together: each family, and what each retriever says."""
        sizes = [(family.name, len(family.features)) for family in FAMILIES]
        for name in self.said:
            owner = name.split(": ")[0]
            if sizes[-1][0] == owner:
                sizes[-1] = (owner, sizes[-1][1] + 1)
            else:
                sizes.append((owner, 1))
        ends = np.cumsum([size for _, size in sizes]).tolist()
        return tuple(
            (name, slice(end - size, end)) for (name, size), end in zip(sizes, ends, strict=True)
        )

    def values(self, pairs: Pairs) -> NDArray[np.float32]:
        """(n, n_features) of what it looks at; the rest is 0."""
        return features(pairs, self.needed)

    def chances(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n,) above 0, below 1, of features (n, n_features)."""
        return np.asarray(1 / (1 + np.exp(-self.score(values).astype(np.float64))))

    def moved(
        self, values: NDArray[np.float32], groups: Sequence[int] | None = None
    ) -> NDArray[np.float32]:
        """(n, n_groups) what each group adds to the log odds: what is lost without it, that is,
        with its features as those of the median candidate. ``groups``: only of these."""
        asked = range(len(self.groups)) if groups is None else groups
        without = np.repeat(values[None], len(asked), axis=0)
        for number, at in enumerate(asked):
            part = self.groups[at][1]
            without[number, :, part] = self.usual[part]
        stacked = np.concatenate([values[None], without]).reshape(-1, values.shape[1])
        scores = self.score(stacked).reshape(-1, len(values))
        return np.asarray((scores[0] - scores[1:]).T)

    def save(self, folder: Path) -> None:
        save_ranker(folder, self.trees, self.said, self.formula, self.usual)

    @classmethod
    def open(cls, folder: Path) -> "ShelfRanker | None":
        """None where it was learned over other features than there are now.

        Raises NotReady where it is missing or of another format.
        """
        about = json.loads((folder / ABOUT).read_text())
        if about["features"] != [*NAMES, *about["said"]]:
            return None
        return cls(
            Trees.load(folder / TREES),
            open_graph(folder / TREES / GRAPH_FILE),
            tuple(about["said"]),
            about["formula"],
            Usual.load(folder / USUAL).values,
        )


def save_ranker(
    folder: Path,
    trees: Trees,
    said: tuple[str, ...],
    formula: float,
    usual: NDArray[np.float32],
) -> None:
    """Write what `ShelfRanker.open` opens."""
    trees.save(folder / TREES)
    write_graph(trees, folder / TREES / GRAPH_FILE)
    Usual(usual).save(folder / USUAL)
    about = {"features": [*NAMES, *said], "said": said, "formula": formula}
    (folder / ABOUT).write_text(json.dumps(about, indent=1))


@dataclass(frozen=True)
class ShelfRankers:
    """of : those placements whose ranker was better than the first stage alone"""

    facts: ShelfFacts
    of: Mapping[Placement, ShelfRanker]

    @classmethod
    def open(cls, folder: Path) -> "ShelfRankers | None":
        """None where no placement has a ranker over the features that there are now.

        Raises NotReady where one, or its facts, are of another format.
        """
        found = {
            placement: ranker
            for placement in Placement
            if (folder / placement).is_dir()
            and (ranker := ShelfRanker.open(folder / placement)) is not None
        }
        return cls(ShelfFacts.load(folder / FACTS), found) if found else None
