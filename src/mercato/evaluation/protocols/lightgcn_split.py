"""Sets without an order: a part of each shopper's items is learned from, the others are asked for.

NGCF's and LightGCN's protocol (Wang et al. 2019, https://arxiv.org/abs/1905.08108; He et al. 2020,
https://arxiv.org/abs/2002.02126), under which Gowalla's table is published: all items are ranked,
those learned from are masked, and recall is over all that was held out, be it more than k. The
code of LightGCN, BSPM and ChebyCF computes it so.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import Event
from mercato.core.errors import BadInput
from mercato.core.history import EVENT_CODES, Interactions
from mercato.evaluation.judging import Truth, judge
from mercato.evaluation.metrics import Values, ndcg, recall_of_all

GRAPH_K = 20


@dataclass(frozen=True)
class LightGCNSplit:
    """A row a shopper in both; a shopper without anything held out is not asked about.

    learned : what models learn from, and never propose
    held    : what counts as found
    """

    learned: Truth
    held: Truth
    n_items: int

    def __post_init__(self) -> None:
        if len(self.learned) != len(self.held):
            raise BadInput(
                f"what {len(self.learned)} shoppers are asked for",
                f"{len(self.held)}",
                "Give each shopper a row in both.",
            )

    @property
    def asked(self) -> NDArray[np.int64]:
        """Rows of the shoppers that are asked about, ascending."""
        return np.flatnonzero(np.diff(self.held.offsets)).astype(np.int64)

    def interactions(self) -> Interactions:
        """What is learned from, as purchases at one moment, 0."""
        n = len(self.learned.item)
        return Interactions(
            self.learned.offsets,
            self.learned.item.astype(np.int32),
            np.zeros(n, np.int64),
            np.full(n, EVENT_CODES[Event.PURCHASE], np.int8),
            np.ones(n, np.float32),
            self.n_items,
        )

    def validation(self, share: float = 0.1, seed: int = 0) -> "LightGCNSplit":
        """The same over what is learned from, to choose on: ``share`` of each shopper's items are
        held out, rounded up and drawn without bias, but never all of them."""
        counts = np.diff(self.learned.offsets)
        row = np.repeat(np.arange(len(counts)), counts)
        drawn = np.random.default_rng(seed).random(len(row))
        place = np.empty(len(row), np.int64)
        place[np.lexsort((drawn, row))] = np.arange(len(row)) - self.learned.offsets[row]
        out = place < np.minimum(np.ceil(counts * share), counts - 1)[row]

        def only(kept: NDArray[np.bool_]) -> Truth:
            return Truth.of_pairs(row[kept], self.learned.item[kept], len(counts))

        return LightGCNSplit(only(~out), only(out), self.n_items)

    def metrics(self, answers: NDArray[np.int64]) -> dict[str, Values]:
        """Of answers (len(asked), GRAPH_K) to the shoppers asked about, in their order."""
        judged = judge(answers, self.held.of(self.asked))
        return {
            f"recall@{GRAPH_K}": recall_of_all(judged, GRAPH_K),
            f"ndcg@{GRAPH_K}": ndcg(judged, GRAPH_K),
        }
