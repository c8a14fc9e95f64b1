"""What a snapshot knows of each row besides its item."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.growing import Growing


@dataclass(frozen=True)
class NewRow:
    """A row that a change appends; see `Rows`."""

    group: int
    base_of: int
    place: int
    text: int
    awaiting: bool


@dataclass(frozen=True)
class Rows:
    """All (n_rows,), the rows of a release first.

    group    : int32, rows that show as one card share it; a row's number
    base_of  : int32, the base row whose behaviour a row continues; -1 for a new item
    place    : int32, the order of rows that are equal otherwise
    awaiting : bool, only of rows since the release: their vector is of another text or missing
    """

    n_base: int
    group: Growing[np.int32]
    base_of: Growing[np.int32]
    place: Growing[np.int32]
    awaiting: Growing[np.bool_]

    @classmethod
    def over(cls, group: NDArray[np.int32], rows: NDArray[np.int32]) -> "Rows":
        """Those of a release; rows: (n_base,) 0 and on."""
        same = Growing.of(rows)
        return cls(len(group), Growing.of(group), same, same, Growing.of(np.zeros(0, bool)))

    def awaits(self, row: int) -> bool:
        """Whether a vector of the row's text is still to be made."""
        return row >= self.n_base and bool(self.awaiting.array[row - self.n_base])

    def grown(self, new: Sequence[NewRow], encoded: Collection[int]) -> "Rows":
        """With more rows; those ``encoded`` have their vector now."""
        awaiting = self.awaiting
        settled = [row - self.n_base for row in encoded if self.awaits(row)]
        if settled:
            changed = awaiting.array.copy()
            changed[settled] = False
            awaiting = Growing.of(changed)
        return replace(
            self,
            group=self.group.extended(np.array([row.group for row in new], np.int32)),
            base_of=self.base_of.extended(np.array([row.base_of for row in new], np.int32)),
            place=self.place.extended(np.array([row.place for row in new], np.int32)),
            awaiting=awaiting.extended(np.array([row.awaiting for row in new], bool)),
        )

    def compacted(self, kept: NDArray[np.int64], group: NDArray[np.int32]) -> "Rows":
        """With only some rows, ascending, those of the release among them; group: of these."""
        return Rows(
            self.n_base,
            Growing.of(group),
            Growing.of(self.base_of.array[kept]),
            Growing.of(self.place.array[kept]),
            Growing.of(self.awaiting.array[kept[self.n_base :] - self.n_base]),
        )
