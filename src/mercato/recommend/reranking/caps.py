"""At most so many items of one category, and of one group, on a shelf."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.recommend.categories import NO_CATEGORY, leaf_categories


@dataclass
class Caps:
    """What a shelf still has room for; caps of 0 are none.

    Items without a category share no cap, and each item is in a group, be it alone.
    """

    catalogue: Catalogue
    most_per_category: int
    most_per_group: int
    of_category: Counter[int] = field(default_factory=Counter)
    of_group: Counter[int] = field(default_factory=Counter)

    @property
    def any(self) -> bool:
        return bool(self.most_per_category or self.most_per_group)

    def room(self, rows: NDArray[np.integer], most: int) -> list[int]:
        """Positions of the first ``most`` rows that fit beside what stands there and each other."""
        if not self.any:
            return list(range(min(most, len(rows))))
        trial = Caps(
            self.catalogue,
            self.most_per_category,
            self.most_per_group,
            self.of_category.copy(),
            self.of_group.copy(),
        )
        kept: list[int] = []
        for at, (leaf, group) in enumerate(self._keys(rows)):
            if len(kept) == most:
                break
            if trial._fits(leaf, group):
                trial._count(leaf, group)
                kept.append(at)
        return kept

    def take(self, rows: NDArray[np.integer]) -> None:
        """Count rows that stand on the shelf from now on."""
        if self.any:
            for leaf, group in self._keys(rows):
                self._count(leaf, group)

    def _keys(self, rows: NDArray[np.integer]) -> list[tuple[int, int]]:
        leaves = leaf_categories(self.catalogue, rows).tolist()
        return list(zip(leaves, self.catalogue.group[rows].tolist(), strict=True))

    def _fits(self, leaf: int, group: int) -> bool:
        crowded = self.most_per_category and self.of_category[leaf] >= self.most_per_category
        if crowded and leaf != NO_CATEGORY:
            return False
        return not (self.most_per_group and self.of_group[group] >= self.most_per_group)

    def _count(self, leaf: int, group: int) -> None:
        self.of_category[leaf] += 1
        self.of_group[group] += 1
