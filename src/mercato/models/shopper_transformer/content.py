"""What is told of items, as arrays: what lets a new one be scored."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import BadInput
from mercato.models.saving import Saved


@dataclass(frozen=True)
class ItemContent:
    """Of n items.

    vectors : (n, c) float32, of their texts; c may be 0
    codes   : (n, f) int64, a column a field (category, brand, price band…), each counted from 0,
              which stands for not told; f may be 0
    sizes   : (f,) int64, values of each field, 0 included
    """

    vectors: NDArray[np.float32]
    codes: NDArray[np.int64]
    sizes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.vectors)

    @classmethod
    def none(cls, n_items: int) -> "ItemContent":
        """Nothing is told of any item."""
        return cls(
            np.zeros((n_items, 0), np.float32),
            np.zeros((n_items, 0), np.int64),
            np.zeros(0, np.int64),
        )

    @property
    def shared(self) -> NDArray[np.int64]:
        """(n, f) the codes in one numbering that all fields share."""
        starts = np.concatenate(([0], np.cumsum(self.sizes)))[:-1]
        return self.codes + starts

    def check(self, n_items: int) -> None:
        """Raise BadInput where it is of other items, or a code is none of its field."""
        if len(self.vectors) != n_items or len(self.codes) != n_items:
            raise BadInput(
                f"content of {n_items} items",
                f"of {len(self.vectors)} and {len(self.codes)}",
                "Give a row an item.",
            )
        if len(self.sizes) != self.codes.shape[1]:
            raise BadInput(
                f"sizes of {self.codes.shape[1]} fields", f"{len(self.sizes)}", "Give one a field."
            )
        if len(self.codes) and ((self.codes < 0) | (self.codes >= self.sizes)).any():
            raise BadInput("codes below the sizes of their fields", "others", "Code them anew.")


@dataclass(frozen=True)
class Content(Saved):
    """From what is told of an item to its vector.

    project : (c, width); codes : (all values of all fields, width); sizes : (f,)
    unit    : vectors have length 1
    """

    project: NDArray[np.float32]
    codes: NDArray[np.float32]
    sizes: NDArray[np.int64]
    unit: bool

    def of_text(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, width) of texts (n, c) alone, as of what somebody searches for: in the space of items
        and of states, so that either is asked for what is near it."""
        n, fields = len(vectors), len(self.sizes)
        return self.vectors(ItemContent(vectors, np.zeros((n, fields), np.int64), self.sizes))

    def check(self, told: ItemContent) -> None:
        """Raise BadInput where it has other fields than was learned from."""
        told.check(len(told))
        width = len(self.project)
        if told.vectors.shape[1] != width or told.sizes.tolist() != self.sizes.tolist():
            raise BadInput(
                f"vectors of {width} numbers and fields of {self.sizes.tolist()} values",
                f"{told.vectors.shape[1]} and {told.sizes.tolist()}",
                "Describe new items as those that were learned from.",
            )

    def vectors(self, told: ItemContent) -> NDArray[np.float32]:
        """(n, width)."""
        return self.scaled(self.added_up(told))

    def added_up(self, told: ItemContent) -> NDArray[np.float32]:
        """(n, width) what all that is told adds up to, before it is `scaled`."""
        found = told.vectors @ self.project + self.codes[told.shared].sum(1)
        return np.asarray(found, np.float32)

    def scaled(self, sums: NDArray[np.float32]) -> NDArray[np.float32]:
        if not self.unit:
            return sums
        return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), np.float32(1e-12))
