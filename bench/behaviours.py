"""RetailRocket in SSLRec's split: what each shopper viewed, put in the cart and bought, without
times, and one purchase that is held out. Its item is in none of the shopper's three lists."""

import gzip
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

from mercato.evaluation.judging import Truth

KINDS = ("view", "cart", "buy")
HELD_OUT = "test_buy"

Scores = NDArray[np.float32]
"""(n_shoppers, n_items)"""


def read_pairs(folder: Path, kind: str) -> NDArray[np.int64]:
    """(n, 2) shopper and item."""
    with gzip.open(folder / f"{kind}.txt.gz", "rt") as file:
        return np.array([line.split() for line in file], np.int64)


@dataclass(frozen=True)
class Behaviours:
    """kinds : by `KINDS`, (n_shoppers, n_items) 1 where it was done
    asked  : (m,) shoppers; answer: (m,) the item that each of them bought, and that is not told
    """

    kinds: tuple[sp.csr_array, ...]
    asked: NDArray[np.int64]
    answer: NDArray[np.int64]

    @classmethod
    def read(cls, folder: Path) -> "Behaviours":
        pairs = [read_pairs(folder, kind) for kind in KINDS]
        held = read_pairs(folder, HELD_OUT)
        shape = tuple((np.concatenate([*pairs, held]).max(axis=0) + 1).tolist())
        kinds = tuple(_matrix(each, shape) for each in pairs)
        return cls(kinds, held[:, 0], held[:, 1])

    def hold_out(self, seed: int, kind: str = "buy", least: int = 2) -> "Behaviours":
        """One item of each shopper with at least so many of a kind is not told, as in the test."""
        drawn = self.kinds[KINDS.index(kind)]
        counts = np.diff(drawn.indptr)
        asked = np.flatnonzero(counts >= least)
        place = np.random.default_rng(seed).integers(0, counts[asked])
        answer = drawn.indices[drawn.indptr[asked] + place].astype(np.int64)
        kept = tuple(_without(each, asked, answer) for each in self.kinds)
        return Behaviours(kept, asked, answer)

    @cached_property
    def met(self) -> sp.csr_array:
        """1 where anything was done."""
        return any_of(*self.kinds)

    @cached_property
    def chosen(self) -> sp.csr_array:
        """1 where it was put in the cart or bought."""
        return any_of(*self.kinds[1:])

    def seen(self, *, met: bool) -> Truth:
        """What is never proposed to each asked shopper: purchases, or all that was met."""
        some = (self.met if met else self.kinds[-1])[self.asked]
        row = np.repeat(np.arange(len(self.asked)), np.diff(some.indptr))
        return Truth.of_pairs(row, some.indices, len(self.asked))

    @property
    def truth(self) -> Truth:
        return Truth.of_pairs(np.arange(len(self.asked)), self.answer, len(self.asked))


def any_of(*kinds: sp.csr_array) -> sp.csr_array:
    """1 where one of them is."""
    found = sp.csr_array(sum(kinds[1:], kinds[0]))
    found.data = np.ones_like(found.data)
    return found


def _matrix(pairs: NDArray[np.int64], shape: tuple[int, ...]) -> sp.csr_array:
    found = sp.csr_array((np.ones(len(pairs), np.float32), pairs.T), shape=shape)
    found.sum_duplicates()
    return found


def _without(
    matrix: sp.csr_array, shoppers: NDArray[np.int64], items: NDArray[np.int64]
) -> sp.csr_array:
    coo = matrix.tocoo()
    row, column = coo.coords
    left_out = np.full(matrix.shape[0], -1)
    left_out[shoppers] = items
    kept = left_out[row] != column
    return sp.csr_array((coo.data[kept], (row[kept], column[kept])), shape=matrix.shape)


def popularity(matrix: sp.csr_array, n: int) -> Scores:
    """The same for ``n`` shoppers."""
    return np.tile(np.asarray(matrix.sum(axis=0), np.float32).ravel(), (n, 1))


def item_knn(
    learned: sp.csr_array, past: sp.csr_array, target: sp.csr_array, shrink: float
) -> Scores:
    """The sum of shrunk cosines from what is in ``past`` (m, n_items), by who did it in ``learned``
    and did the other in ``target``."""
    together = sp.coo_array(learned.T @ target)
    row, column = together.coords
    from_, to = (np.asarray(each.sum(axis=0)).ravel() for each in (learned, target))
    weight = together.data / (np.sqrt(from_[row] * to[column]) + shrink)
    weight[row == column] = 0
    links = sp.csr_array((weight.astype(np.float32), (row, column)), shape=together.shape)
    return np.asarray((past @ links).toarray(), np.float32)


def inverse(matrix: sp.csr_array, regularisation: float) -> NDArray[np.float32]:
    """(n_shoppers, n_shoppers) (X X' + regularisation I)^-1"""
    gram = (matrix @ matrix.T).toarray()
    gram[np.diag_indices(len(gram))] += np.float32(regularisation)
    factor = scipy.linalg.cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
    identity = np.eye(len(gram), dtype=np.float32)
    return np.asarray(scipy.linalg.cho_solve(factor, identity, check_finite=False))


def weighed(weights: NDArray[np.float32], matrix: sp.csr_array) -> Scores:
    """weights (m, n_shoppers) @ matrix"""
    return np.asarray((matrix.T @ weights.T).T, np.float32)


def ease(matrix: sp.csr_array, rows: NDArray[np.int64], regularisation: float) -> Scores:
    """EASE (Steck 2019, https://arxiv.org/abs/1905.03375) where items are many and shoppers few.

    With P = (X'X + r I)^-1 over items and G = X X' + r I over shoppers, X P = G^-1 X, and the
    diagonal of P is (1 - sum over shoppers of X * G^-1 X) / r (Woodbury). What a shopper met has
    its score without the item itself.
    """
    solved = weighed(inverse(matrix, regularisation), matrix)
    own = np.asarray(matrix.multiply(solved).sum(axis=0)).ravel()
    diagonal = (1 - own) / regularisation
    return np.asarray(matrix[rows].toarray() - solved[rows] / diagonal, np.float32)
