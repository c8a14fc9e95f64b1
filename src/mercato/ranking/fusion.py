"""One score from two: how well an item's words fit and how near its meaning is."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import BadInput

LEAST_KNOWN = 0.95
"""Assumed: MiniLM knows all tokens of Icecat's and Home Depot's titles, and .85 of Taobao's, of
which it then makes nothing (MRR@10 .11, chance .00; the multilingual model .73)."""


@dataclass(frozen=True)
class Calibration:
    """What a release learned about its own scores."""

    semantic_threshold: float = 0.5
    """Cosine from which an item may match a query by meaning alone. Assumed, until calibrated."""
    semantic_most: int = 1_000
    """At most so many nearest items match by meaning."""
    semantic_weight: float = 0.25
    """Share of the meaning in the fused score, 0 to 1, where the catalogue knows all words.

    Chosen on 4,184 queries of Home Depot: nDCG@10 .4236 with .25, .4226 with .2, .4231 with .3;
    BM25 alone .4083."""
    semantic_unrelated: float = 0.0
    """Cosine of a query and a text that have nothing in common: where nearness begins to count.
    Encoders differ: some .1 with MiniLM, .8 with E5. With E5 Taobao's MRR@10 is .794 without this,
    .808 with it."""
    known_share: float = 1.0
    """Of the tokens of the catalogue's titles, those in the encoder's vocabulary. Below LEAST_KNOWN
    nothing is found or ranked by meaning."""

    @property
    def reads(self) -> bool:
        """Whether the encoder can read the catalogue's texts."""
        return self.known_share >= LEAST_KNOWN

    def nearness(self, cosine: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) 0 for an unrelated text to 1 for the same text, whatever the encoder."""
        unrelated = np.float32(self.semantic_unrelated)
        return np.asarray(np.maximum((cosine - unrelated) / (1 - unrelated), 0), np.float32)

    def to_json(self) -> dict[str, float]:
        return asdict(self)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Calibration":
        """Raises BadInput where a key is unknown."""
        known = {each.name for each in fields(cls)}
        if unknown := sorted(set(found) - known):
            raise BadInput(
                f"a calibration of {sorted(known)}", str(unknown), "Build the release anew."
            )
        return cls(**found)


PREFERRED = 0.05
"""What a property that a query's words mean for sure adds to a score, which is 0 to 1.

On Icecat: nDCG@10 .7688 with .05 and .7677 with .02, .7666 without; .1 costs single queries."""

ASKED_FOR = 0.05
"""What being of the category that is surely asked for adds.

On the supermarket, queries of three words of a title: reciprocal rank of the title .687 with .05,
.676 with .02, .668 without."""


def fuse(
    lexical: NDArray[np.float32],
    known_share: float,
    cosine: NDArray[np.float32],
    calibration: Calibration,
) -> NDArray[np.float32]:
    """Scores from 0 to 1, higher is better.

    lexical     : (n,) BM25F as a share of what no item can exceed for this query
    known_share : of the query's words, those that the catalogue knows; what the others ask for
                  only the meaning can tell (worth .0028 nDCG@10 on the queries above)
    cosine      : (n,)
    """
    by_meaning = calibration.nearness(cosine)
    weight = (1 - calibration.semantic_weight) * known_share
    return (weight * lexical + (1 - weight) * by_meaning).astype(np.float32)
