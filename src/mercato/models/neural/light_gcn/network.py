"""Vectors that are passed along a graph. Needs torch."""

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn import functional

from mercato.models.neural.light_gcn.settings import Passing
from mercato.models.neural.processes import Processes
from mercato.models.neural.shards import RowsHeld


class Pairs(NamedTuple):
    """Who met what, both (n,) int64, by shopper."""

    shopper: NDArray[np.int64]
    item: NDArray[np.int64]

    def some(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> "Pairs":
        return Pairs(self.shopper[rows], self.item[rows])


class _Passed(Function):
    """graph @ vectors; the gradient goes the same way back, since ``back`` is its transpose."""

    @staticmethod
    def forward(ctx: Any, graph: Tensor, back: Tensor, vectors: Tensor) -> Tensor:
        ctx.back = back
        return torch.sparse.mm(graph, vectors)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, None, Tensor]:
        return None, None, torch.sparse.mm(ctx.back, gradient)


class LightGcnNetwork(nn.Module):
    """Vectors of shoppers and items, and the graph along which they are passed.

    Each of several processes has its own shoppers, with their part of the graph; what they pass to
    an item is summed over all (the graph cut in one dimension, as in CAGNET, Tripathy et al. 2020,
    https://arxiv.org/abs/2005.03300).

    pairs : of this process, ``held`` its shoppers, numbered from 0
    met   : (n_items,) int64, how many shoppers of all met each item
    """

    def __init__(
        self,
        settings: Passing,
        pairs: Pairs,
        held: RowsHeld,
        met: NDArray[np.int64],
        members: Processes,
        seed: int,
    ) -> None:
        super().__init__()
        self.settings, self.members = settings, members
        width, spread = settings.width, settings.spread
        own = held.begun(width, spread, seed) if settings.own else torch.zeros(0, width)
        self.shoppers = nn.Parameter(own)
        self.items = nn.Parameter(torch.randn(len(met), width) * spread)
        graph = scaled_graph(pairs, len(held), met)
        self.register_buffer("to_shoppers", _sparse(graph), persistent=False)
        self.register_buffer("to_items", _sparse(sp.csr_matrix(graph.T)), persistent=False)

    def layers(self, noise: float = 0.0) -> list[tuple[Tensor, Tensor]]:
        """Of each layer from 0 the vectors of shoppers (n_shoppers, width) and items."""
        shoppers, items = self.shoppers, self.items
        if not len(shoppers):
            shoppers = items.new_zeros(self.to_shoppers.shape[0], items.shape[1])
        found = [(shoppers, items)]
        for _ in range(self.settings.layers):
            to_shoppers = _Passed.apply(self.to_shoppers, self.to_items, items)
            to_items = _Passed.apply(self.to_items, self.to_shoppers, shoppers)
            to_items = self.members.summed(to_items)
            shoppers, items = _noisy(to_shoppers, noise), _noisy(to_items, noise)
            found.append((shoppers, items))
        return found

    def mean(self, layers: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        shoppers, items = zip(*layers, strict=True)
        return torch.stack(shoppers).mean(0), torch.stack(items).mean(0)


def scaled_graph(pairs: Pairs, n_shoppers: int, met: NDArray[np.int64]) -> sp.csr_matrix:
    """(n_shoppers, n_items) 1 over the roots of what a shopper met and of how many met an item."""
    ones = np.ones(len(pairs.item), np.float32)
    graph = sp.csr_matrix((ones, (pairs.shopper, pairs.item)), (n_shoppers, len(met)))
    rows = 1 / np.sqrt(np.maximum(np.asarray(graph.sum(1)).ravel(), 1))
    columns = 1 / np.sqrt(np.maximum(met, 1))
    return sp.csr_matrix(sp.diags(rows) @ graph @ sp.diags(columns), dtype=np.float32)


def _sparse(graph: sp.csr_matrix) -> Tensor:
    parts = graph.indptr.astype(np.int64), graph.indices.astype(np.int64), graph.data
    with warnings.catch_warnings():
        # torch calls compressed rows a beta; products with them are all that is asked for.
        warnings.simplefilter("ignore", UserWarning)
        return torch.sparse_csr_tensor(
            *(torch.from_numpy(each) for each in parts), graph.shape, check_invariants=False
        )


def _noisy(vectors: Tensor, length: float) -> Tensor:
    """With noise in the same orthant."""
    if not length:
        return vectors
    drawn = functional.normalize(torch.rand_like(vectors), dim=-1)
    return vectors + vectors.detach().sign() * drawn * length
