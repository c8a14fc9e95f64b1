"""Which of some tokens a few rows hold, in which fields, and what they count there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.postings import TextIndex


@dataclass(frozen=True)
class Holding:
    """impacts: (t, k) float32; fields: (t, k) uint8, see `postings.Postings`; 0: not held"""

    impacts: NDArray[np.float32]
    fields: NDArray[np.uint8]


def holding(index: TextIndex, tokens: Sequence[str], rows: NDArray[np.int64]) -> Holding:
    """Of distinct tokens and of rows (k,), ascending."""
    impacts = np.zeros((len(tokens), len(rows)), np.float32)
    fields = np.zeros((len(tokens), len(rows)), np.uint8)
    sought = rows.astype(np.int32)  # of the postings' type: they would be copied otherwise
    for at, parts in enumerate(index.postings(tokens)):
        for part in parts:
            place = np.searchsorted(part.rows, sought)
            place[place == len(part.rows)] = 0
            found = part.rows[place] == sought
            impacts[at] += np.where(found, part.impacts[place], np.float32(0))
            fields[at] |= np.where(found, part.fields[place], np.uint8(0))
    return Holding(impacts, fields)
