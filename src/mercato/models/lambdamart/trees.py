"""An ensemble of regression trees as arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.models.saving import Saved


@dataclass(frozen=True)
class Trees(Saved):
    """Nodes of all trees, each tree's behind its root; children are nodes of the same arrays.

    roots     : (n_trees,) int32
    feature   : (n_nodes,) int32, which feature is asked; LEAF for a leaf
    threshold : (n_nodes,) float32, a row goes left whose feature is at most this
    left      : (n_nodes,) int32, node; -1 for a leaf
    right     : (n_nodes,) int32, node; -1 for a leaf
    value     : (n_nodes,) float32, what a leaf adds to the score; 0 elsewhere
    cover     : (n_nodes,) float32, rows of the training that came by
    """

    n_features: int
    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float32]
    cover: NDArray[np.float32]

    @classmethod
    def none(cls) -> "Trees":
        """An ensemble of no tree."""
        whole, number = np.zeros(0, np.int32), np.zeros(0, np.float32)
        return cls(0, whole, whole, number, whole, whole, number, number)

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """(k,) of rows (k, n_features): slow and plain, what the graph is held against."""
        rows = np.arange(len(features))
        total = np.zeros(len(features))
        for root in self.roots.tolist():
            node = np.full(len(features), root)
            while (inner := self.feature[node] != LEAF).any():
                asked = np.where(inner, self.feature[node], 0)
                goes_left = features[rows, asked] <= self.threshold[node]
                child = np.where(goes_left, self.left[node], self.right[node])
                node = np.where(inner, child, node)
            total += self.value[node]
        return total


LEAF = -1
"""In place of a feature."""
